"""The YAML under rules/, found, checked and loaded: rules, conditions, evidence, texts, wording, card policy."""
