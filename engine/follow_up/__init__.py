"""Checks that fall due from time to time: how each stands for a patient, and the plan that they make together."""
