"""Laws of physics as problems: a network is trained for each, with the same settings for all.

The laws are those of the Feynman lectures that symbolic regression is usually tried on (Udrescu &
Tegmark, 2020), in a CSV file with the columns ``id``, ``formula`` and ``domain`` (``x: [1, 5];
y: [0, 2]``).
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.schema import TrainSettings
from srnet_cli.datasets.dataset import Dataset, Domain, Rows
from srnet_cli.datasets.formula import Formula, parse_formula
from srnet_cli.networks import Network, load_network, save_network, train_network
from srnet_cli.rng import stream

Array = NDArray[np.float64]

TRAINING = TrainSettings(hidden=(32, 32), activation="tanh", solver="lbfgs", max_iter=4000)
TRAINING_ROWS = 5000
FRESH_ROWS = 5000
_INTERVAL = re.compile(r"\s*(\w+)\s*:\s*\[\s*([^,\]]+),\s*([^\]]+)\]\s*")


@dataclass(frozen=True)
class Law:
    """A formula of named inputs, and the box it is learned on."""

    name: str
    formula: Formula
    domain: Domain

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the d inputs, in the order of the network's."""
        return self.formula.variables

    def rows(self, n: int, *names: str | int) -> Array:
        """Uniform rows of the domain, (n, d), from the stream with these names."""
        return self.domain.sample(n, stream(0, "laws", self.name, *names))


def read_laws(path: Path) -> list[Law]:
    """Read the laws of a CSV file, in its order."""
    with path.open(newline="") as file:
        return [_law(row) for row in csv.DictReader(file)]


def _law(row: dict[str, str]) -> Law:
    matches = [_INTERVAL.fullmatch(part) for part in row["domain"].split(";")]
    ends = {match[1]: (float(match[2]), float(match[3])) for match in matches if match}
    if len(ends) != len(matches):
        raise ValueError(f"the domain of {row['id']} cannot be read: {row['domain']}")
    return Law(row["id"], parse_formula(row["formula"], tuple(ends)), Domain.from_box(ends))


def law_network(law: Law, folder: Path, seed: int = 0) -> Network:
    """Train the network of a law, or take the one that was trained before with these settings."""
    settings = [law.formula.text, law.domain.low.tolist(), law.domain.high.tolist()]
    settings += [TRAINING.model_dump_json(), TRAINING_ROWS, seed]
    digest = hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:12]
    path = folder / f"{law.name}-{seed}-{digest}.safetensors"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        training = train_network(TRAINING, _dataset(law, seed), seed, standardise=False)
        save_network(training.network, path)
    return load_network(path)


def _dataset(law: Law, seed: int) -> Dataset:
    X = law.rows(TRAINING_ROWS, "train", seed)
    none = Rows(X[:0], np.empty(0))
    return Dataset(
        features=law.inputs,
        target=law.name,
        task="regression",
        classes=(),
        train=Rows(X, law.formula(X)),
        validation=none,
        test=none,
        domain=law.domain,
    )
