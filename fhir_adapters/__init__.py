"""FHIR JSON in, facts out; recommendations in, FHIR resources out."""
