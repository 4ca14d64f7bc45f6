"""What a fit costs as networks and tables grow: seconds and memory, one factor at a time.

    python bench/sizes.py
    python bench/sizes.py --factors units --seconds 10

From a network of 10 inputs, 2 hidden layers of 100 tanh units and 3 outputs, weights drawn at
random, with 10,000 rows to fit, one factor grows at a time: units per layer (100 to 1000), hidden
layers (to 10), inputs (to 784) and rows (to 10⁵). The last network is MNIST-shaped, 784 × 256,
256 × 10. Each is fitted by ``srnet fit`` with the defaults, and ``--seconds`` as ``max_seconds``.

The greatest resident size is that of the fit's process, in MB. What is beyond the limit should be 0
or less. Growth is how many times as much memory there is as for the least of the factor, beside how
many times as large the factor is. A layer has been searched if an expression of it is more than one
of its inputs. One Markdown table on standard output, all figures go to a JSON file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from support.output import parser, save, table

from srnet_cli.networks import Network, save_network
from srnet_cli.runs.run import read_run

_RESIDENT = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)
"""Run by a small process: what a child is seen to need includes its parent's size at the fork."""


@dataclass(frozen=True)
class Size:
    """A network and how many rows it is fitted on.

    Attributes:
        units: per hidden layer.
        layers: hidden ones.
        inputs, outputs: of the network.
        rows: to fit.
    """

    units: int = 100
    layers: int = 2
    inputs: int = 10
    outputs: int = 3
    rows: int = 10_000

    @property
    def widths(self) -> list[int]:
        """Inputs, units of every hidden layer, outputs."""
        return [self.inputs, *[self.units] * self.layers, self.outputs]


FACTORS = {
    "units": [100, 300, 1000],
    "layers": [1, 3, 10],
    "inputs": [10, 100, 784],
    "rows": [10_000, 30_000, 100_000],
}
MNIST = Size(units=256, inputs=784, outputs=10)


def main() -> None:
    """Fit, print."""
    arguments = parser(__doc__)
    arguments.add_argument("--factors", nargs="+", default=[*FACTORS, "MNIST-shaped"])
    arguments.add_argument("--seconds", type=float, default=60.0, help="max_seconds of a fit")
    arguments.add_argument("--threads", type=int, default=1)
    options = arguments.parse_args()
    figures: dict[str, list[dict[str, Any]]] = {}
    for factor in options.factors:
        sizes = (
            [replace(Size(), **{factor: n}) for n in FACTORS[factor]]
            if factor in FACTORS
            else [MNIST]
        )
        figures[factor] = []
        for size in sizes:
            figures[factor].append({**vars(size), **_fitted(size, options)})
            print(f"{factor}: {size}", file=sys.stderr, flush=True)
            save(options.out, "sizes", {"seconds": options.seconds, "factors": figures})
    _print(figures, options.seconds)


def _fitted(size: Size, options: argparse.Namespace) -> dict[str, Any]:
    """Seconds, megabytes, and how many layers have been searched, of one fit."""
    with tempfile.TemporaryDirectory() as folder:
        config, run = Path(folder) / "config.yaml", Path(folder) / "run"
        network = Path(folder) / "network.safetensors"
        save_network(_network(size), network)
        domain = {f"x{number}": [-1.0, 1.0] for number in range(size.inputs)}
        dataset = {"domain": domain, "oracle_rows": size.rows}
        settings = {"name": "size", "dataset": dataset, "network": {"load": str(network)}}
        config.write_text(json.dumps(settings) + "\n")  # JSON is YAML
        command = [
            *(sys.executable, "-m", "srnet_cli", "fit", "--quiet", str(config)),
            *("--set", f"evolution.max_seconds={options.seconds}"),
            *("--set", f"evolution.threads={options.threads}"),
            *("--run-dir", str(run)),
        ]
        begin = time.perf_counter()
        small = [sys.executable, "-S", "-c", _RESIDENT, *command]
        output = subprocess.run(small, check=True, capture_output=True, text=True).stdout
        seconds = time.perf_counter() - begin
        layers = read_run(run).model.layers
    searched = sum(any(len(program) for program in layer.programs) for layer in layers)
    resident = int(output.split()[-1]) / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return {"taken": seconds, "megabytes": resident, "searched": searched, "all": len(layers)}


def _network(size: Size) -> Network:
    """A network with random weights whose units neither vanish nor saturate."""
    rng = np.random.default_rng(0)
    weights, biases = [], []
    for inputs, units in zip(size.widths, size.widths[1:], strict=False):
        weights.append(rng.normal(size=(units, inputs)) * 1.5 / np.sqrt(inputs))
        biases.append(0.3 * rng.normal(size=units))
    return Network(tuple(weights), tuple(biases), "tanh")


def _print(figures: dict[str, list[dict[str, Any]]], limit: float) -> None:
    rows = []
    for factor, entries in figures.items():
        for place, entry in enumerate(entries):
            least = entries[0]
            grown = entry[factor] / least[factor] if factor in FACTORS else 1.0
            rows.append(
                [
                    factor if place == 0 else "",
                    entry.get(factor, ""),
                    f"{entry['taken']:.0f}",
                    f"{entry['taken'] - limit:.0f}",
                    f"{entry['megabytes']:.0f}",
                    f"{entry['megabytes'] / least['megabytes']:.1f} of {grown:.1f}",
                    f"{entry['searched']} of {entry['all']}",
                ]
            )
    headings = ["factor", "", "s", "beyond the limit", "MB", "growth", "layers searched"]
    table(headings, rows)


if __name__ == "__main__":
    main()
