"""Hypothesis strategies for patients and rules, hungry for boundaries."""
