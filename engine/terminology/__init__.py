"""Value sets and how a coding, a text or a unit is matched against them."""
