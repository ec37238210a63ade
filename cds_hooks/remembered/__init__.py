"""Charts that were evaluated a moment ago, for when the same one is asked about again (docs/decisions/0017)."""
