"""Formulas beside LIME and MAPLE: the same network, the same instances, the same measures."""
