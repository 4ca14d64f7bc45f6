"""All linear operators: each family keeps its own, at the end of its module."""

from __future__ import annotations

from srnet_cli.networks.readers.onnx.folding import (
    affine,
    convolution,
    normalisation,
    passing,
    pooling,
    shapes,
)
from srnet_cli.networks.readers.onnx.folding.values import Operations

OPERATIONS: Operations = {
    **passing.OPERATIONS,
    **affine.OPERATIONS,
    **shapes.OPERATIONS,
    **pooling.OPERATIONS,
    **convolution.OPERATIONS,
    **normalisation.OPERATIONS,
}
"""Operators that are folded into the layers around them."""
