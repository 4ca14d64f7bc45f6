"""What a run's folder keeps of what the fit starts from, so that it can be moved and read alone."""

from __future__ import annotations

import platform
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from srnet_cli.arithmetic import arithmetic
from srnet_cli.config.resolved import resolved
from srnet_cli.config.schema import Experiment
from srnet_cli.datasets.dataset import fingerprint
from srnet_cli.errors import UsageError
from srnet_cli.fidelity.validity import regions
from srnet_cli.fit.preparation import Prepared
from srnet_cli.networks import TrainedNetwork, network_to_bytes
from srnet_cli.networks.callables import CallableNetwork
from srnet_cli.networks.recorded import record
from srnet_cli.runs import files
from srnet_cli.runs.fronts import write_arrays
from srnet_cli.runs.records import Inputs, RunInfo, RunState
from srnet_cli.store import SCHEMA, RunFolder

_VERSIONED = ("srnet", "numpy", "numba", "llvmlite", "scikit-learn", "sympy")


def inputs_of(prepared: Prepared) -> Inputs:
    """What a run starts from, by name; without the hashes of its files."""
    dataset = prepared.dataset
    return Inputs(
        features=tuple(dataset.features),
        target=dataset.target,
        targets=tuple(dataset.targets),
        task=dataset.task,
        classes=tuple(dataset.classes),
        categories={name: tuple(values) for name, values in dataset.categories.items()},
        layers=prepared.layers,
        readings=dict(dataset.readings),
        imputed=dict(dataset.imputed),
        network=prepared.provenance,
        quality=prepared.quality,
        config_sha256="",
        dataset_sha256="",
        network_sha256="",
    )


def write_inputs(folder: RunFolder, prepared: Prepared, config: bytes) -> None:
    """Write what the run is made from.

    Args:
        folder: the run's, held.
        prepared: what is searched for.
        config: the content of the config file.

    Raises:
        UsageError: the folder's search was begun on other rows or another network.
        StorageError: a file cannot be written.
    """
    network = network_to_bytes(_as_kept(prepared))
    inputs = replace(
        inputs_of(prepared),
        config_sha256=sha256(config).hexdigest(),
        dataset_sha256=fingerprint(prepared.dataset),
        network_sha256=sha256(network).hexdigest(),
    )
    _require_same(folder, inputs)
    folder.write(files.CONFIG, config)
    folder.write_json(files.SETTINGS, resolved(prepared.experiment))
    folder.write(files.NETWORK, network)
    write_arrays(folder, files.ROWS, prepared.sets)
    inputs.write(folder)


def _as_kept(prepared: Prepared) -> TrainedNetwork:
    """The network as a folder can hold it: one that lives in Python, as its values on the rows that
    the run's commands ask it for."""
    network = prepared.network
    if not isinstance(network, CallableNetwork):
        return network
    dataset = prepared.dataset
    checked = regions(
        prepared.experiment, dataset.features, prepared.sets["train"], dataset.categories
    )
    return record(network, [*prepared.sets.values(), *checked.values()])


def _require_same(folder: RunFolder, inputs: Inputs) -> None:
    """Refuse to go on with a search on rows or activations that it was not begun on."""
    if folder.newest_checkpoint() is None:
        return
    begun = Inputs.read(folder)
    hashes = {
        "dataset": (begun.dataset_sha256, inputs.dataset_sha256),
        "network": (begun.network_sha256, inputs.network_sha256),
    }
    for part, (before, now) in hashes.items():
        if before != now:
            raise UsageError(
                f"{folder.path}: the {part} is no longer the one that this run was begun with",
                hint="choose another folder, or remove that one to begin again",
                remedies=("run_dir",),
            )


def run_info(experiment: Experiment, signature: str, state: RunState) -> RunInfo:
    """The content of ``run.json``, for this machine."""
    return RunInfo(
        schema=SCHEMA,
        name=experiment.name,
        signature=signature,
        state=state,
        seed=experiment.seed,
        trials=experiment.trials,
        strategy=experiment.evolution.strategy,
        python=platform.python_version(),
        system=platform.system(),
        machine=platform.machine(),
        processor=_processor(),
        versions={package: version(package) for package in _VERSIONED} | arithmetic(),
    )


def _processor() -> str:
    """The processor's name, where the system tells."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
