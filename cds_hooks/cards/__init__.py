"""A merged recommendation laid out as CDS Hooks cards, and what was acknowledged of them."""
