"""Rules on episodes: the durable_rules network, the plain reader that explains, and what both come to."""
