"""What a screening run leaves: tables of patients, findings and plan, FHIR resources, run.json, a report."""
