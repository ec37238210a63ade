"""What several test modules need: a running service, programs of the machine."""
