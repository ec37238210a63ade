"""Site overlays: a folder of YAML laid over the rules, checked like them and named in every result."""
