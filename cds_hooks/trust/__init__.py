"""Who calls: clients, their keys and tokens, and what each may do."""
