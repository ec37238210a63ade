"""The catalogue for people: pages, book and picture of the rules, their differences, lint and lock."""
