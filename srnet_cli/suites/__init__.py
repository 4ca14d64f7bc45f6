"""Suites: many trials of many networks, what has come of them, and what that says."""
