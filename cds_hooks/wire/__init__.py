"""CDS Hooks as it goes over the wire: strict JSON, requests, discovery, refusals."""
