"""The decision: facts and rules in, explained recommendations out. No FHIR, HTTP or clock."""
