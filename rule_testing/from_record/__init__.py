"""A patient's record as a scenario that names nobody and comes to the same."""
