"""A beginning for outputs: the weighted sum of the units before them that explains most.

The last layer of a network is linear. Where it reads many units, a sum of few that are drawn at
random is a poor beginning, and evolution adds further ones slowly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import is_constant
from srnet_cli.cgp.kernels.genes import NODE_GENES
from srnet_cli.evolution.auto.chromosome import Chromosome, Decoder
from srnet_cli.primitives import BY_NAME

Array = NDArray[np.float64]

_SPANNED = 1e-9


def weighted_sum(decoder: Decoder, X: Array, target: Array, most: int) -> Chromosome | None:
    """A chromosome that is Σ w_i x_i, its inputs chosen one by one as they help most.

    Orthogonal matching pursuit (Pati, Rezaiifar & Krishnaprasad 1993), on standardised inputs.

    Args:
        decoder: how the chromosome is read.
        X: inputs, (n, d).
        target: what to explain, (n,).
        most: inputs it may have, at least 2.

    Returns:
        The chromosome; None where there is no addition, or less than two inputs tell of the target.
    """
    functions, add = decoder.opcodes.tolist(), BY_NAME["add"].opcode
    spread = X.std(axis=0)
    spread[is_constant(X, rounding=1e-9)] = np.inf
    standard = (X - X.mean(axis=0)) / spread
    chosen, weights = _pursue(
        standard.T @ standard / len(X), standard.T @ (target - target.mean()) / len(X), most
    )
    if add not in functions or len(chosen) < 2:
        return None
    return _sum(decoder, functions.index(add), chosen, weights / spread[chosen])


def _pursue(gram: Array, moments: Array, most: int) -> tuple[list[int], Array]:
    """The inputs chosen and their weights, from correlations among them and with the target."""
    chosen: list[int] = []
    weights: Array = np.empty(0)
    while len(chosen) < min(most, len(moments)):
        residual = moments - gram[:, chosen] @ weights
        free = np.diag(gram).copy()
        if chosen:
            inner = np.linalg.lstsq(gram[np.ix_(chosen, chosen)], gram[chosen], rcond=None)[0]
            free -= np.sum(gram[chosen] * inner, axis=0)
        gains = np.where(free > _SPANNED, residual**2 / np.maximum(free, _SPANNED), 0.0)
        gains[chosen] = 0.0
        if gains.max() <= 0.0:
            break
        chosen.append(int(gains.argmax()))
        correlations = gram[np.ix_(chosen, chosen)]
        weights = np.asarray(np.linalg.lstsq(correlations, moments[chosen], rcond=None)[0])
    return chosen, weights


def _sum(decoder: Decoder, add: int, inputs: Sequence[int], weights: Array) -> Chromosome:
    """Σ w_i x_i as a chain of additions."""
    empty = decoder.empty()
    genes, edges = empty.genes.copy(), empty.edges.copy()
    leaves = decoder.inputs + 1
    total, weight = inputs[0], float(weights[0])
    for node, slot in enumerate(inputs[1:]):
        genes[NODE_GENES * node : NODE_GENES * (node + 1)] = (add, total, slot)
        edges[node] = weight, weights[node + 1]
        total, weight = leaves + node, 1.0
    genes[-1] = total
    return Chromosome(genes, edges)
