"""The client's own FHIR server, asked for what prefetch lacks."""
