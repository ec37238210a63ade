"""The CDS Hooks service: discovery, hooks, prefetch and cards."""
