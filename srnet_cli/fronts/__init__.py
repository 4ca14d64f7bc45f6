"""Fronts of error against complexity: how much of a formula is needed for how much of its worth."""
