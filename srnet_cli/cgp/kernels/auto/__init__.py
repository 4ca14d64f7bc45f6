"""Kernels of auto: lineages of weighted chromosomes."""
