"""The HTTP service: settings, routes, operation."""
