"""Bounds that hold for every point of a box: outward rounded intervals and linear forms."""
