"""How rows lie in memory: blocks, per-layer regions, and the running sums of the targets.

Rows come in two segments: *fit* rows, on which a readout is solved, and *selection* rows, which
only count in the loss. Each layer has an order of its own, cut into blocks of one segment each.

* Two short blocks of random rows lead, one of each segment: an expression that is undefined on
  either domain, or hopeless, is found out after few rows. The fit block is the first, because the
  pivot of all sums is taken there: near a pole, values on a wider domain may be so large that seen
  from there those on the fit rows would look like one.
* The other rows follow in the order of their distance from the mean, the farthest first: they hold
  most of the variance, so the error of a bad expression is soon as large as the best one's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.interpreter import BLOCK
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.lanes import LANES
from srnet_cli.cgp.kernels.mnncgp.directions import LEAD, ResidualLimit, principal_directions

FIT, SELECT = 0, 1
_FIRST_BLOCK = 64
_SHUFFLE_SEED = 20220424
_CACHE_LINE = 8  # float64 values

Array = NDArray[np.float64]
Index = NDArray[np.int64]


class Layout(NamedTuple):
    """Rows of all layers, cut into blocks, as the kernels take them.

    With L layers, nb blocks and M the greatest width. A column of block b lies at
    ``offset + (b * columns + j) * BLOCK``. The loss is summed over *directions*: the units
    themselves, or where there are many, an orthonormal rotation of them (``directions``).

    Attributes:
        widths: d, m_1, …, m_L, (L + 1,).
        directions: number of directions of each layer, (L,).
        lead: how many of them bound the loss of a chromosome before the others are read, (L,).
        lengths: rows in each block, (L, nb).
        segments: FIT or SELECT, (L, nb).
        fit_blocks: the number of blocks after which every fit row has been seen, (L,).
        inputs: offset of layer l's input columns, (L,).
        targets: offset of layer l's units, (L,), each centred on its mean over the fit rows.
        rotated: offset of layer l's directions, (L,); that of the units where they are the same.
        values: offset of one column for the values of a layer's winner.
        scratch: offset of the first thread's scratch, and its length a thread, (2,).
        means: mean of each unit over the fit rows, (L, M).
        target_sums: sums of the centred units over the fit rows, (L, M): rounding, about 0.
        counts: rows seen up to and including a block, by segment, (L, nb, 2).
        sums: sums of the directions up to and including a block, (L, nb, 2, M).
        squares: sums over all directions of their squares, likewise, (L, nb, 2).
        spreads: squared distance of the rows seen from their own mean, (L, nb).
        limits: the most of ``spreads`` that one expression can explain in the directions beyond
            ``lead``, (L, nb).
        source: where in ``values`` layer l finds the row of each of its positions, (L, nb, BLOCK);
            for the first layer: which row of the caller stands there.
    """

    widths: Index
    directions: Index
    lead: Index
    lengths: Index
    segments: Index
    fit_blocks: Index
    inputs: Index
    targets: Index
    rotated: Index
    values: int
    scratch: Index
    means: Array
    target_sums: Array
    counts: Index
    sums: Array
    squares: Array
    spreads: Array
    limits: Array
    source: Index


@kernel(inline=True, allocates=False)
def padded(rows):
    """Rows that are computed for a block of so many, so that no loop has a remainder.

    What is computed besides is the last row over again, and is never read.
    """
    return (rows + LANES - 1) // LANES * LANES


class _Block(NamedTuple):
    """Rows of one segment."""

    segment: int
    rows: Index


class _Layer(NamedTuple):
    """One layer's targets, (n, m) and (n, r), and the order of its rows."""

    mean: Array
    units: Array
    directions: Array
    blocks: list[_Block]

    @property
    def is_rotated(self) -> bool:
        """Whether the directions are others than the units."""
        return self.directions is not self.units

    @property
    def lead(self) -> int:
        """How many directions are read first."""
        count = self.directions.shape[1]
        return min(LEAD, count) if self.is_rotated else count


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
    layers = [_prepare(target, fit_rows) for target in targets]
    layout, length = _regions(inputs.shape[1], layers, threads, slots)
    memory = _aligned_zeros(length)
    for b, block in enumerate(layers[0].blocks):
        _write(memory, int(layout.inputs[0]), b, inputs[block.rows])
    place = np.arange(len(inputs))
    for number, layer in enumerate(layers):
        _fill(layout, memory, number, layer, fit_rows)
        for b, block in enumerate(layer.blocks):
            layout.source[number, b, : len(block.rows)] = place[block.rows]
            layout.source[number, b, len(block.rows) :] = place[block.rows[-1]]
        place = np.empty(len(inputs), dtype=np.int64)
        for b, block in enumerate(layer.blocks):
            place[block.rows] = b * BLOCK + np.arange(len(block.rows))
    return layout, memory


def _prepare(target: Array, fit_rows: int) -> _Layer:
    mean = target[:fit_rows].mean(axis=0)
    units = target - mean
    blocks = _blocks(np.einsum("nm,nm->n", units, units), fit_rows)
    return _Layer(mean, units, principal_directions(units), blocks)


def _blocks(distances: Array, fit_rows: int) -> list[_Block]:
    """Cut the rows into blocks: a random one of each segment, then the farthest rows first."""
    rng = np.random.default_rng(_SHUFFLE_SEED)
    heads, others = [], []
    for segment, start, stop in ((FIT, 0, fit_rows), (SELECT, fit_rows, len(distances))):
        rows = start + rng.permutation(stop - start)
        heads.append(_Block(segment, rows[:_FIRST_BLOCK]))
        rows = rows[_FIRST_BLOCK:]
        rows = rows[np.argsort(-distances[rows], kind="stable")]
        others += [_Block(segment, rows[at : at + BLOCK]) for at in range(0, len(rows), BLOCK)]
    others.sort(key=lambda block: -float(distances[block.rows].mean()))
    return [block for block in heads + others if len(block.rows)]


def _regions(inputs: int, layers: Sequence[_Layer], threads: int, slots: int) -> tuple[Layout, int]:
    """Share out the memory; returns the layout, whose sums are zero, and the length."""
    count = len(layers[0].blocks)
    widths = [inputs, *(layer.units.shape[1] for layer in layers)]
    directions = [layer.directions.shape[1] for layer in layers]
    offsets: dict[str, list[int]] = {"inputs": [], "targets": [], "rotated": []}
    end = 0
    for number, layer in enumerate(layers):
        offsets["inputs"].append(end)
        end += widths[number] * count * BLOCK
        offsets["targets"].append(end)
        end += widths[number + 1] * count * BLOCK
        offsets["rotated"].append(end if layer.is_rotated else offsets["targets"][-1])
        end += directions[number] * count * BLOCK if layer.is_rotated else 0
    values = end
    end += count * BLOCK
    scratch = (slots + 1) * BLOCK
    shape = (len(layers), count)
    widest = max(widths[1:])
    layout = Layout(
        widths=np.array(widths, dtype=np.int64),
        directions=np.array(directions, dtype=np.int64),
        lead=np.array([layer.lead for layer in layers], dtype=np.int64),
        lengths=np.zeros(shape, dtype=np.int64),
        segments=np.zeros(shape, dtype=np.int64),
        fit_blocks=np.zeros(len(layers), dtype=np.int64),
        inputs=np.array(offsets["inputs"], dtype=np.int64),
        targets=np.array(offsets["targets"], dtype=np.int64),
        rotated=np.array(offsets["rotated"], dtype=np.int64),
        values=values,
        scratch=np.array([end, scratch], dtype=np.int64),
        means=np.zeros((len(layers), widest)),
        target_sums=np.zeros((len(layers), widest)),
        counts=np.zeros((*shape, 2), dtype=np.int64),
        sums=np.zeros((*shape, 2, max(directions))),
        squares=np.zeros((*shape, 2)),
        spreads=np.zeros(shape),
        limits=np.zeros(shape),
        source=np.zeros((*shape, BLOCK), dtype=np.int64),
    )
    return layout, end + threads * scratch


def _fill(layout: Layout, memory: Array, number: int, layer: _Layer, fit_rows: int) -> None:
    """Write one layer's targets into memory and their running sums into the layout."""
    width, kept = layer.units.shape[1], layer.directions.shape[1]
    layout.means[number, :width] = layer.mean
    layout.target_sums[number, :width] = layer.units[:fit_rows].sum(axis=0)
    rest = ResidualLimit(kept - layer.lead)
    for b, (segment, rows) in enumerate(layer.blocks):
        values = layer.directions[rows]
        _write(memory, int(layout.rotated[number]), b, values)
        if layer.is_rotated:
            _write(memory, int(layout.targets[number]), b, layer.units[rows])
        layout.lengths[number, b] = len(rows)
        layout.segments[number, b] = segment
        layout.counts[number, b:, segment] += len(rows)
        layout.sums[number, b, segment, :kept] = values.sum(axis=0)
        layout.squares[number, b, segment] = np.sum(values**2)
        layout.limits[number, b] = rest.add(values[:, layer.lead :])
        if segment == FIT:
            layout.fit_blocks[number] = b + 1
    np.cumsum(layout.sums[number], axis=0, out=layout.sums[number])
    np.cumsum(layout.squares[number], axis=0, out=layout.squares[number])
    seen = layout.counts[number].sum(axis=1)
    totals = layout.sums[number].sum(axis=1)
    means = np.einsum("bj,bj->b", totals, totals) / seen
    layout.spreads[number] = layout.squares[number].sum(axis=1) - means


def _write(memory: Array, offset: int, block: int, values: Array) -> None:
    """Write the columns of one block."""
    length, width = values.shape
    start = offset + block * width * BLOCK
    columns = memory[start : start + width * BLOCK].reshape(width, BLOCK)
    columns[:, :length] = values.T
    columns[:, length : padded(length)] = values[-1:].T


def _aligned_zeros(length: int) -> Array:
    """Zeros that begin at a cache line, so that no vector of a block lies across two."""
    memory = np.zeros(length + _CACHE_LINE)
    start = -(memory.ctypes.data // memory.itemsize) % _CACHE_LINE
    return memory[start : start + length]
