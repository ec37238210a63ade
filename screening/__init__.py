"""The batch: a FHIR bulk export in, one row per recommendation out."""
