"""Arithmetic on columns of the flat memory; a column is n values from an offset on."""

from __future__ import annotations

from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.lanes import multiply_add


@kernel(allocates=False)
def centre(memory, source, target, mean, n):
    """Write a column less its mean."""
    x = memory[source : source + n]
    out = memory[target : target + n]
    for i in range(n):
        out[i] = x[i] - mean


@kernel(allocates=False)
def scale(memory, source, target, weight, n):
    """Write a column times a weight."""
    x = memory[source : source + n]
    out = memory[target : target + n]
    for i in range(n):
        out[i] = weight * x[i]


@kernel(allocates=False)
def product(memory, target, left, right, n):
    """Write the product of two columns."""
    out = memory[target : target + n]
    a = memory[left : left + n]
    b = memory[right : right + n]
    for i in range(n):
        out[i] = a[i] * b[i]


@kernel(allocates=False)
def subtract(memory, target, weight, source, n):
    """Subtract a column times a weight from another one."""
    out = memory[target : target + n]
    x = memory[source : source + n]
    for i in range(n):
        out[i] = multiply_add(-weight, x[i], out[i])
