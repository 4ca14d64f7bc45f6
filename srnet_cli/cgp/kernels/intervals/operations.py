"""The operations of a tape: few, since every function is made of them (``proofs.lowering``)."""

from __future__ import annotations

CONSTANT = 0
"""A number, between ``low`` and ``high``."""
VARIABLE = 1
"""The input whose index is ``left``."""
AFFINE = 2
"""Σ weight·slot, ``right`` terms from ``left`` on, and a number between ``low`` and ``high``."""
ADD = 3
MULTIPLY = 4
MAXIMUM = 5
SCALE = 6
"""The operand ``left`` times the number ``low``."""

# Functions of the one operand ``left``.
FIRST_FUNCTION = 10
RECIPROCAL = 10
POWER = 11
"""A whole power of at least 2, ``right``."""
REAL_POWER = 12
"""The power ``low`` of a number that is not negative."""
ROOT = 13
EXPONENTIAL = 14
LOGARITHM = 15
SINE = 16
COSINE = 17
TANGENT = 18
HYPERBOLIC_TANGENT = 19
SIGMOID = 20
ABSOLUTE = 21
RECTIFIER = 22
ARCSINE = 23
ARCTANGENT = 24
HYPERBOLIC_SINE = 25
HYPERBOLIC_COSINE = 26
ERROR_FUNCTION = 27

NAMES = {
    value: name.lower()
    for name, value in list(vars().items())
    if isinstance(value, int) and name not in ("FIRST_FUNCTION",)
}
