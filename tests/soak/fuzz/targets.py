"""What is fuzzed: a function per kind of file, which takes its bytes as they come.

Each ends in an answer, or in an ``SrnetError`` of one line and a documented exit code. Whatever
else escapes, and whatever takes too long, is a finding.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE.parent), str(_HERE.parents[1] / "support")]

import mutators  # noqa: E402
import seeds  # noqa: E402

Target = Callable[[bytes], object]


class Kind(NamedTuple):
    """A kind of file.

    Attributes:
        run: reads one.
        seeds: whole ones to begin with.
        libraries: what reads it beside srnet; imported before anything is counted.
        mutate: changes one; the fuzzer's own changes of bytes where there is none.
    """

    run: Target
    seeds: Callable[[], Iterable[bytes]]
    libraries: tuple[str, ...] = ()
    mutate: mutators.Mutator | None = None


def _network(suffixes: tuple[str, ...], data: bytes) -> object:
    """Read a network of one of the suffixes, which the length decides, and use it."""
    import numpy as np

    from srnet_cli.networks.readers.loaded import Wishes
    from srnet_cli.networks.readers.registry import read_network_bytes

    suffix = suffixes[len(data) % len(suffixes)]
    loaded = read_network_bytes(Path(f"network{suffix}"), seeds.with_right_sums(data), Wishes())
    inputs = loaded.network.widths[0]
    return loaded.network.predict(np.zeros((3, inputs))) if inputs <= 1000 else None


def _config(data: bytes) -> object:
    from srnet_cli.fit.validating import load_checked

    path = Path(_place(), "config.yaml")
    path.write_bytes(data)
    return load_checked(path)


def _checkpoint(data: bytes) -> object:
    """Restore the states of a run, which the last byte decides, and use the best of them."""
    import numpy as np

    from srnet_cli.evolution.restoring import restored
    from srnet_cli.evolution.strategies import symbolic_network
    from srnet_cli.store import Checkpoint

    experiment, network = _golden(list(seeds.checkpoints())[(data[-1] if data else 0) % 4])
    checkpoint = Checkpoint(1, seeds.with_right_sums(data[:-1]))
    states = restored(experiment, checkpoint, Path("run"), network.widths)
    features = [f"x{number}" for number in range(network.widths[0])]
    for state in states:
        if np.isfinite(state.fitness):
            model = symbolic_network(state, experiment, network, features)
            model.predict(np.zeros((3, network.widths[0])))
    return states


def _checkpoint_seeds() -> list[bytes]:
    return [data + bytes([place]) for place, data in enumerate(seeds.checkpoints().values())]


@cache
def _golden(run: str) -> tuple[Any, Any]:
    from srnet_cli.config.resolved import read_resolved
    from srnet_cli.networks import stored_network

    folder = seeds.GOLDEN / run
    settings = json.loads((folder / "config.resolved.json").read_bytes())
    network = stored_network((folder / "network.safetensors").read_bytes(), "network.safetensors")
    return read_resolved(settings, "config"), network


def _model(data: bytes) -> object:
    """Read a symbolic network as a run keeps it, and evaluate it."""
    import numpy as np

    from srnet_cli.model import SymbolicNetwork

    try:
        record = json.loads(data)
    except (ValueError, RecursionError):
        return None  # the folder says so
    model = SymbolicNetwork.from_dict(record)
    return model.predict(np.zeros((3, len(model.features))))


def _formula(data: bytes) -> object:
    from srnet_cli.datasets.formula import parse_formula

    return parse_formula(data.decode("utf-8", "replace"), ("x", "y", "π"))


@cache
def _place() -> str:
    folder = mkdtemp(prefix="srnet-fuzz-")
    os.environ["SRNET_PUBLISHED_DIR"] = folder
    return folder


_FORMULAS = (b"sin(x) + y**2", b"log(x, 2)*exp(-y)/3.5e-3", "sqrt(π)*abs(x - y)".encode())

KINDS: Mapping[str, Kind] = {
    "config": Kind(_config, lambda: seeds.configs().values()),
    "formula": Kind(_formula, lambda: _FORMULAS),
    "npz": Kind(partial(_network, (".npz",)), lambda: seeds.npz().values(), mutate=mutators.of_zip),
    "safetensors": Kind(
        partial(_network, (".safetensors",)),
        lambda: seeds.safetensors().values(),
        ("safetensors",),
        mutators.of_safetensors,
    ),
    "nnet": Kind(partial(_network, (".nnet",)), lambda: seeds.nnet().values()),
    "onnx": Kind(
        partial(_network, (".onnx",)), lambda: seeds.onnx().values(), ("onnx", "onnxruntime")
    ),
    "torch": Kind(
        partial(_network, (".pt",)), lambda: seeds.torch().values(), mutate=mutators.of_zip
    ),
    "keras": Kind(
        partial(_network, (".keras",)),
        lambda: seeds.keras().values(),
        ("h5py",),
        mutators.of_zip,
    ),
    "skops": Kind(
        partial(_network, (".skops",)),
        lambda: seeds.skops().values(),
        ("skops.io", "sklearn.neural_network"),
        mutators.of_zip,
    ),
    "checkpoint": Kind(_checkpoint, _checkpoint_seeds, mutate=mutators.with_tail),
    "model": Kind(_model, lambda: seeds.models().values(), mutate=mutators.of_json),
}
