"""Kernels of MNNCGP-ES: its generations, the composite, and the arrays that they work on."""
