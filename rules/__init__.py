"""The rule catalogue: YAML files only, read through importlib.resources."""
