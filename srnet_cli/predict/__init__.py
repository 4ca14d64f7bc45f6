"""Formulas applied to the rows of a table."""
