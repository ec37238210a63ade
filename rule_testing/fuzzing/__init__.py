"""Both readers of the rules held against each other on random patients; a difference becomes a scenario."""
