"""What the client sent beforehand, key by key, and that it is all of one patient."""
