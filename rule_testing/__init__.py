"""The Gherkin step library for rules, as a pytest plugin."""
