"""The spmwatch command; one module per subcommand."""
