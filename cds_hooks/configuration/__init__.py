"""Settings from a file, the environment and the command line; what is wrong with them; how they are printed."""
