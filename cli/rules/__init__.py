"""`spmwatch rules`: one module a command."""
