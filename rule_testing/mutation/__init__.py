"""Rule mutation: one thing changed at a time in the rules, to see whether some scenario notices."""
