"""How fast the sums of dense layers are, beside numpy's einsum and BLAS.

    python bench/dense.py

Layers of several sizes, on one thread, the three in turn; the best of several rounds. A sum of k
products counts as k. One Markdown table on standard output, all figures go to a JSON file.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from support.output import parser, save, table
from threadpoolctl import threadpool_limits

from srnet_cli.cgp.kernels.weighted_sums import weighted_sums

SIZES = [(4096, 32, 32), (10_000, 100, 100), (4096, 784, 256), (4096, 1000, 1000), (4096, 1000, 3)]


def main() -> None:
    """Time, print."""
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    figures: list[dict[str, Any]] = []
    with threadpool_limits(1, "blas"):
        for rows, inputs, units in SIZES:
            speeds = _speeds(rows, inputs, units, options.rounds)
            figures.append({"rows": rows, "inputs": inputs, "units": units, **speeds})
    save(options.out, "dense", {"sizes": figures})
    headings = ["rows", "inputs", "units", "10⁹ products/s", "by einsum", "by BLAS"]
    table(
        headings,
        [
            [
                each["rows"],
                each["inputs"],
                each["units"],
                f"{each['ours']:.2f}",
                f"{each['ours'] / each['einsum']:.1f}",
                f"{each['ours'] / each['blas']:.2f}",
            ]
            for each in figures
        ],
    )


def _speeds(rows: int, inputs: int, units: int, rounds: int) -> dict[str, float]:
    """10⁹ products a second by each way."""
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=(rows, inputs)), rng.normal(size=(units, inputs))
    ways: dict[str, Callable[[], Any]] = {
        "ours": lambda: weighted_sums(values, weights),
        "einsum": lambda: np.einsum("nk,mk->nm", values, weights),
        "blas": lambda: values @ weights.T,
    }
    least = dict.fromkeys(ways, np.inf)
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            least[name] = min(least[name], time.perf_counter() - begin)
    return {name: rows * inputs * units / 1e9 / seconds for name, seconds in least.items()}


if __name__ == "__main__":
    main()
