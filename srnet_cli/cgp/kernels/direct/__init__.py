"""Kernels of the direct search: trees, their printed nodes, their changes, tuning and archives."""
