"""How rows lie in memory: blocks, per-layer regions, and the running sums of the targets.

Rows come in two segments: *fit* rows, on which a readout is solved, and *selection* rows, which
only count in the loss. They are shuffled once and cut into blocks, short ones of each segment
first: an expression that is undefined on a wider domain, or hopeless, is found out after few rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.interpreter import BLOCK

FIT, SELECT = 0, 1
_FIRST_BLOCK = 64
_SHUFFLE_SEED = 20220424

Array = NDArray[np.float64]
Index = NDArray[np.int64]


class Layout(NamedTuple):
    """Rows of all layers, cut into blocks, as the kernels take them.

    With L layers, nb blocks and M the greatest width:

    Attributes:
        widths: d, m_1, …, m_L, (L + 1,).
        lengths: rows in each block, (nb,).
        segments: FIT or SELECT, (nb,).
        fit_blocks: the number of blocks after which every fit row has been seen.
        inputs: offset of layer l's input columns, (L,); block b, column j is at
            ``inputs[l] + (b * widths[l] + j) * BLOCK``.
        targets: offset of layer l's targets, (L,), laid out likewise; each unit is centred on its
            mean over the fit rows.
        scratch: offset of the first thread's scratch, and its length a thread, (2,).
        means: mean of each unit over the fit rows, (L, M).
        counts: rows seen up to and including a block, by segment, (nb, 2).
        unit_sums: sums of the centred targets up to and including a block, (L, nb, 2, M).
        squares: sums over all units of their squares, likewise, (L, nb, 2).
        rows: which row of the caller stands at each position of each block, (nb, BLOCK).
    """

    widths: Index
    lengths: Index
    segments: Index
    fit_blocks: int
    inputs: Index
    targets: Index
    scratch: Index
    means: Array
    counts: Index
    unit_sums: Array
    squares: Array
    rows: Index


def _blocks(fit: int, total: int) -> tuple[list[tuple[int, int, int]], int]:
    """Cut the segments into (segment, start, length), and say when the fit rows are complete."""
    fit_cuts = _cut(FIT, 0, fit)
    select_cuts = _cut(SELECT, fit, total)
    first = select_cuts[:1]
    order = first + fit_cuts + select_cuts[1:]
    return order, len(first) + len(fit_cuts)


def _cut(segment: int, start: int, stop: int) -> list[tuple[int, int, int]]:
    cuts = []
    length = _FIRST_BLOCK
    while start < stop:
        cuts.append((segment, start, min(length, stop - start)))
        start += length
        length = BLOCK
    return cuts


def build_layout(
    inputs: Array,
    targets: Sequence[Array],
    fit_rows: int,
    *,
    threads: int,
    slots: int,
) -> tuple[Layout, Array]:
    """Lay out rows for a search.

    Args:
        inputs: (n, d), what the first layer sees.
        targets: the activations of every layer, (n, m_l).
        fit_rows: the first ``fit_rows`` rows fit the readouts, the others only select.
        threads: how many threads need scratch.
        slots: values a program may hold at once, constants included.

    Returns:
        (layout, memory): memory holds the first layer's inputs and all targets; the inputs of the
        later layers are zero until a composite is written there.
    """
    total = len(inputs)
    order = np.random.default_rng(_SHUFFLE_SEED)
    shuffled = np.concatenate(
        [order.permutation(fit_rows), fit_rows + order.permutation(total - fit_rows)]
    )
    cuts, fit_blocks = _blocks(fit_rows, total)
    count = len(cuts)
    widths = np.array([inputs.shape[1], *(t.shape[1] for t in targets)], dtype=np.int64)
    layers = len(targets)

    input_offsets = np.empty(layers, dtype=np.int64)
    target_offsets = np.empty(layers, dtype=np.int64)
    end = 0
    for layer in range(layers):
        input_offsets[layer] = end
        end += int(widths[layer]) * count * BLOCK
        target_offsets[layer] = end
        end += int(widths[layer + 1]) * count * BLOCK
    scratch = np.array([end, (slots + 1) * BLOCK], dtype=np.int64)
    memory = np.zeros(end + threads * int(scratch[1]))

    widest = int(widths[1:].max())
    means = np.zeros((layers, widest))
    counts = np.zeros((count, 2), dtype=np.int64)
    unit_sums = np.zeros((layers, count, 2, widest))
    squares = np.zeros((layers, count, 2))
    rows = np.full((count, BLOCK), -1, dtype=np.int64)
    for block, (segment, start, length) in enumerate(cuts):
        rows[block, :length] = shuffled[start : start + length]
        counts[block:, segment] += length
        _place(memory, int(input_offsets[0]), block, inputs[rows[block, :length]])
    for layer, target in enumerate(targets):
        width = target.shape[1]
        means[layer, :width] = target[:fit_rows].mean(axis=0)
        for block, (segment, _, length) in enumerate(cuts):
            centred = target[rows[block, :length]] - means[layer, :width]
            _place(memory, int(target_offsets[layer]), block, centred)
            unit_sums[layer, block:, segment, :width] += centred.sum(axis=0)
            squares[layer, block:, segment] += np.sum(centred**2)
    layout = Layout(
        widths=widths,
        lengths=np.array([length for _, _, length in cuts], dtype=np.int64),
        segments=np.array([segment for segment, _, _ in cuts], dtype=np.int64),
        fit_blocks=fit_blocks,
        inputs=input_offsets,
        targets=target_offsets,
        scratch=scratch,
        means=means,
        counts=counts,
        unit_sums=unit_sums,
        squares=squares,
        rows=rows,
    )
    return layout, memory


def _place(memory: Array, offset: int, block: int, values: Array) -> None:
    """Write the columns of one block."""
    length, width = values.shape
    start = offset + block * width * BLOCK
    memory[start : start + width * BLOCK].reshape(width, BLOCK)[:, :length] = values.T
