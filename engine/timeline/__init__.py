"""Facts of one patient to episodes at one day: courses, phases, transplants, cancers, values (conventions 7)."""
