"""How deep networks that people use are: what the units of their first layers alone explain.

    SRNET_NETWORKS_DIR=../shared/networks python bench/depth.py

R² of all outputs together on 20,000 fresh even rows, by least squares on 40,000 others: of the
inputs alone, and of the inputs and all units of the first hidden layer, of the first two, and so
on. A formula that is a sum of terms has to make up for the layers that are missing. The table is
Markdown on standard output, all figures go to a JSON file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from support.output import RESULTS, parser, save, table
from support.real import NETWORKS, RealNetwork, networks_dir

Array = NDArray[np.float64]

ROWS, FRESH_ROWS = 40_000, 20_000


def main() -> None:
    """Parse the options, solve, print."""
    options = parser(__doc__)
    options.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    options.add_argument(
        "--trained", type=Path, default=RESULTS / "real", help="folder of those trained here"
    )
    chosen = options.parse_args()
    networks_dir()
    figures = {name: _of(NETWORKS[name](chosen.trained), name) for name in chosen.networks}
    deepest = max(map(len, figures.values()))
    table(
        ["network", "inputs", *(f"{k} layers" if k > 1 else "1 layer" for k in range(1, deepest))],
        [
            [name, *(f"{r2:.3f}" for r2 in scores), *[""] * (deepest - len(scores))]
            for name, scores in figures.items()
        ],
    )
    save(chosen.out, "depth", {"networks": figures})


def _of(real: RealNetwork, name: str) -> list[float]:
    """R² without hidden layers, with one, and so on but for the last, of which it is 1."""
    X, fresh = real.rows(ROWS, name, "depth"), real.rows(FRESH_ROWS, name, "depth", "fresh")
    *hidden, outputs = real.network.activations(X)
    *hidden_fresh, truth = real.network.activations(fresh)
    scale = np.abs(X).max(axis=0)
    scores = []
    for layers in range(len(hidden)):
        columns = np.column_stack([np.ones(len(X)), X / scale, *hidden[:layers]])
        judged = np.column_stack([np.ones(len(fresh)), fresh / scale, *hidden_fresh[:layers]])
        readout = np.linalg.lstsq(columns, outputs, rcond=None)[0]
        scores.append(_r2(judged @ readout, truth))
    return scores


def _r2(estimate: Array, truth: Array) -> float:
    return float(1.0 - np.sum((estimate - truth) ** 2) / np.sum((truth - truth.mean(axis=0)) ** 2))


if __name__ == "__main__":
    main()
