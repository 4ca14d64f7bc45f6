"""``srnet fit``: from a config to a run folder with formulas."""

from __future__ import annotations

import io
import os
import platform
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.resolved import resolved, signature
from srnet_cli.config.schema import Experiment
from srnet_cli.datasets.dataset import Dataset, fingerprint
from srnet_cli.datasets.loading import load_dataset
from srnet_cli.errors import Interrupted, UsageError
from srnet_cli.evolution.mnncgp_es import MnncgpEs, State, pack, symbolic_layers, unpack
from srnet_cli.evolution.problem import Problem
from srnet_cli.model import SymbolicNetwork
from srnet_cli.networks import Network, load_or_train, network_to_bytes, quality
from srnet_cli.networks.loading import Provenance
from srnet_cli.networks.quality import NetworkQuality
from srnet_cli.store import SCHEMA, RunFolder, runs_root
from srnet_cli.workflows import validate
from srnet_cli.workflows.expressions_file import checked_rows, describe
from srnet_cli.workflows.fidelity import measure, row_sets
from srnet_cli.workflows.plots import fitness_plot
from srnet_cli.workflows.reporting import Reporter, SearchProgress, Silent

Array = NDArray[np.float64]

_CHUNK_SECONDS = 0.25
_CHECKPOINT_SECONDS = 5.0
_VERSIONED = ("srnet", "numpy", "numba", "llvmlite", "scikit-learn", "sympy")


@dataclass(frozen=True)
class FitResult:
    """What a fit leaves behind.

    Attributes:
        path: the run folder.
        metrics: the content of ``metrics.json``.
        was_done: whether an earlier fit had already finished this very run.
    """

    path: Path
    metrics: Mapping[str, Any]
    was_done: bool = False


@dataclass(frozen=True)
class Prepared:
    """Everything a search needs, loaded and checked before a folder is made.

    Attributes:
        experiment: the settings.
        dataset: its rows.
        network: the network to explain.
        provenance: where the network came from.
        quality: how good the network is, where the truth is known.
        sets: raw rows by name, see ``fidelity.SETS``.
        problem: what the strategy is asked.
    """

    experiment: Experiment
    dataset: Dataset
    network: Network
    provenance: Provenance
    quality: NetworkQuality | None
    sets: Mapping[str, Array]
    problem: Problem


def run(
    config: Path,
    overrides: Sequence[str] = (),
    *,
    run_dir: Path | None = None,
    name: str | None = None,
    reporter: Reporter | None = None,
) -> FitResult:
    """Fit a config, or go on with a fit that was interrupted.

    Args:
        config: the config file.
        overrides: ``key.path=value`` entries that replace what the file says.
        run_dir: the run's folder; by default ``<name>-<signature>`` in the runs' root.
        name: replaces the experiment's name.
        reporter: is told what happens.

    Raises:
        ConfigError, UsageError: the config is wrong, or another process works on this run.
        DataError, ModelError: the rows or the network cannot be used.
        StorageError: the run folder cannot be written.
        Interrupted: a signal came; what was found is in the folder.
    """
    reporter = reporter or Silent()
    named = (*overrides, f"name={name}") if name is not None else overrides
    experiment = validate.load(config, named)
    mark = signature(experiment)
    path = run_dir or runs_root() / f"{experiment.name}-{mark}"
    if (done := _finished(path, mark)) is not None:
        return done
    prepared = prepare(experiment, reporter)
    with RunFolder.claim(path) as folder:
        _check_owner(folder, mark)
        if folder.is_done:
            folder.reopen()
        _write_inputs(folder, prepared, mark, config.read_bytes())
        with _signals() as stop:
            states = _search(folder, prepared, reporter, stop)
            metrics = _write_results(folder, prepared, states)
            if stop.number is not None:
                raise Interrupted(stop.number, str(folder.path))
        folder.write_json("run.json", _record(prepared, mark, "finished"))
        folder.commit()
    return FitResult(path, metrics)


def prepare(experiment: Experiment, reporter: Reporter) -> Prepared:
    """Load the rows and the network, and compute the activations to explain."""
    dataset = load_dataset(experiment.dataset, experiment.seed)
    for note in dataset.notes:
        reporter.notice(note)
    network, provenance = load_or_train(
        experiment.network,
        dataset,
        experiment.seed,
        experiment.dataset.standardise,
        reporter.notice,
    )
    judged = quality(network, dataset.test, dataset.train)
    reporter.notice(f"network {'-'.join(map(str, network.widths))} {provenance.summary()}")
    if judged is not None:
        reporter.notice(f"network on held-out rows: {judged.summary()}")
    rows = np.concatenate([dataset.train.X, dataset.validation.X])
    problem = Problem(network.inputs(rows), tuple(network.activations(rows)), len(dataset.train))
    sets = row_sets(dataset, experiment.seed)
    return Prepared(experiment, dataset, network, provenance, judged, sets, problem)


def _finished(path: Path, mark: str) -> FitResult | None:
    """The result of this very run, if it has finished before and is whole."""
    folder = RunFolder(path)
    if not folder.is_done or folder.verify():
        return None
    if folder.read_json("run.json")["signature"] != mark:
        return None
    return FitResult(path, folder.read_json("metrics.json"), was_done=True)


def _check_owner(folder: RunFolder, mark: str) -> None:
    """Refuse to go on with the run of another config."""
    if not (folder.path / "run.json").exists():
        return
    found = folder.read_json("run.json").get("signature")
    if found != mark:
        raise UsageError(
            f"{folder.path} holds another run (signature {found}, this config has {mark})",
            hint="choose another --run-dir, or remove that folder",
        )


def _write_inputs(folder: RunFolder, prepared: Prepared, mark: str, config: bytes) -> None:
    """Write what the run is made from, so that the folder can be moved and read alone."""
    network = network_to_bytes(prepared.network)
    folder.write("config.yaml", config)
    folder.write_json("config.resolved.json", resolved(prepared.experiment))
    folder.write("network.safetensors", network)
    folder.write("rows.npz", _npz(prepared.sets))
    folder.write_json(
        "inputs.json",
        {
            "config_sha256": sha256(config).hexdigest(),
            "dataset_sha256": fingerprint(prepared.dataset),
            "network_sha256": sha256(network).hexdigest(),
            "features": list(prepared.dataset.features),
            "target": prepared.dataset.target,
            "task": prepared.dataset.task,
            "classes": list(prepared.dataset.classes),
            "network": asdict(prepared.provenance),
        },
    )
    folder.write_json("run.json", _record(prepared, mark, "running"))


def _record(prepared: Prepared, mark: str, state: str) -> dict[str, Any]:
    experiment = prepared.experiment
    return {
        "schema": SCHEMA,
        "name": experiment.name,
        "signature": mark,
        "state": state,
        "seed": experiment.seed,
        "trials": experiment.trials,
        "strategy": experiment.evolution.strategy,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": platform.processor(),
        "versions": {package: version(package) for package in _VERSIONED},
    }


def _npz(arrays: Mapping[str, Array]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


class _Stop:
    """The signal that asked the search to stop, if any."""

    number: int | None = None


@contextmanager
def _signals() -> Iterator[_Stop]:
    """Turn the first SIGINT or SIGTERM into a request to stop; a second one ends the process."""
    stop = _Stop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def request(number: int, _frame: object) -> None:
        if stop.number is not None:
            os._exit(128 + number)
        stop.number = number

    try:
        before = {number: signal.signal(number, request) for number in numbers}
    except ValueError:  # not the main thread: signals are somebody else's
        before = {}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _search(folder: RunFolder, prepared: Prepared, reporter: Reporter, stop: _Stop) -> list[State]:
    """Run all trials, or those that an earlier process has left."""
    experiment = prepared.experiment
    checkpoint = folder.newest_checkpoint()
    states = unpack(checkpoint.data) if checkpoint else []
    if states:
        done = sum(state.generation for state in states)
        reporter.notice(f"going on after {done} generations")
    threads = thread_count(experiment.evolution.threads, reporter)
    _announce_compilation(reporter)
    for trial in range(experiment.trials):
        strategy = MnncgpEs(prepared.problem, experiment.evolution, experiment.seed, trial, threads)
        if len(states) == trial:
            states.append(strategy.init())
        _run_trial(strategy, states, folder, experiment, reporter, stop)
        if stop.number is not None:
            break
    return states


def thread_count(asked: int | str, reporter: Reporter) -> int:
    """Threads to search with: those asked for, as far as the machine has them."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    available = available or os.cpu_count() or 1
    if asked == "auto":
        return available
    if int(asked) > available:
        reporter.notice(f"evolution.threads: {asked} asked for, {available} there; using those")
    return min(int(asked), available)


def _announce_compilation(reporter: Reporter) -> None:
    from srnet_cli.cgp.kernels.jit import CACHE_FOLDER, JIT_DISABLED, is_compiled

    if JIT_DISABLED:
        reporter.notice("compilation is switched off (NUMBA_DISABLE_JIT): this will be slow")
    elif CACHE_FOLDER is None:
        reporter.notice("compiling kernels (no folder to keep them in: every run will do this)")
    elif not is_compiled():
        reporter.notice("compiling kernels, first run only (about half a minute)")


def _run_trial(
    strategy: MnncgpEs,
    states: list[State],
    folder: RunFolder,
    experiment: Experiment,
    reporter: Reporter,
    stop: _Stop,
) -> None:
    """Advance the last state to its end in chunks short enough to be interrupted."""
    state = states[-1]
    chunk = 1
    saved = time.monotonic()
    while not strategy.is_over(state) and stop.number is None:
        begin, clock = state.generation, time.monotonic()
        strategy.advance(state, chunk)
        now = time.monotonic()
        pace = (state.generation - begin) / max(now - clock, 1e-9)
        # Never more than fourfold: the first chunk may have paid for compilation.
        chunk = max(1, min(4 * chunk, int(pace * _CHUNK_SECONDS)))
        reporter.progress(_progress(state, len(states), experiment, pace))
        if now - saved > _CHECKPOINT_SECONDS:
            _save(folder, states)
            saved = now
    _save(folder, states)


def _save(folder: RunFolder, states: Sequence[State]) -> None:
    folder.save_checkpoint(sum(state.generation for state in states), pack(states))


def _progress(state: State, trial: int, experiment: Experiment, pace: float) -> SearchProgress:
    settings = experiment.evolution
    return SearchProgress(
        trial=trial,
        trials=experiment.trials,
        generation=state.generation,
        generations=settings.generations,
        fitness=state.fitness,
        losses=state.parent.losses.tolist(),
        evaluations_per_second=pace * (settings.population - 1),
        seconds_left=(settings.generations - state.generation) / pace if pace else 0.0,
    )


def _write_results(
    folder: RunFolder, prepared: Prepared, states: Sequence[State]
) -> dict[str, Any]:
    """Write formulas, figures, curves and plots of the best trial so far."""
    experiment = prepared.experiment
    best = min(range(len(states)), key=lambda trial: states[trial].fitness)
    folder.write("curves.csv", curves(states, experiment))
    folder.write("plots/fitness.png", fitness_plot([state.trace for state in states]))
    metrics: dict[str, Any] = {
        "trial": best,
        "fitness": [_finite(state.fitness) for state in states],
        "generations": [state.generation for state in states],
        "losses": [_finite(loss) for loss in states[best].parent.losses.tolist()],
        "network": None if prepared.quality is None else asdict(prepared.quality),
    }
    if np.isfinite(states[best].fitness):
        model = SymbolicNetwork(
            layers=symbolic_layers(states[best], prepared.network.widths, experiment.evolution),
            features=prepared.dataset.features,
            scaler=prepared.network.scaler,
            output_activation=prepared.network.output_activation,
        )
        fidelity = measure(model, prepared.network, prepared.sets)
        folder.write_json("model.json", model.to_dict())
        folder.write_json(
            "expressions.json", describe(model, fidelity, checked_rows(prepared.sets))
        )
        metrics["fidelity"] = {
            name: [layer.to_dict() for layer in layers] for name, layers in fidelity.items()
        }
    folder.write_json("metrics.json", metrics)
    return metrics


def curves(states: Sequence[State], experiment: Experiment) -> bytes:
    """``curves.csv``: a row for every generation that found something better, and the last one."""
    population = experiment.evolution.population
    layers = states[0].trace.shape[1] - 2
    header = ["trial", "generation", "evaluations", "fitness"]
    lines = [",".join(header + [f"layer_{index + 1}" for index in range(layers)])]
    for trial, state in enumerate(states):
        rows = state.trace.tolist()
        if rows and rows[-1][0] < state.generation:
            rows.append([float(state.generation), *rows[-1][1:]])
        for generation, *values in rows:
            evaluations = population + (int(generation) - 1) * (population - 1)
            numbers = [str(trial), str(int(generation)), str(evaluations), *map(repr, values)]
            lines.append(",".join(numbers))
    return ("\n".join(lines) + "\n").encode()


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
