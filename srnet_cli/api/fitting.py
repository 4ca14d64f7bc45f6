"""From a config, or from a network at hand, to a run."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.api.run import Run
from srnet_cli.api.settings import load_config, make_config
from srnet_cli.config.resolved import signature, to_yaml
from srnet_cli.config.schema import Experiment
from srnet_cli.errors import Interrupted, UsageError
from srnet_cli.fit import fitting
from srnet_cli.reporting import Reporter, SearchProgress, is_warning
from srnet_cli.store import find_run, runs_root

if TYPE_CHECKING:
    import pandas as pd

    from srnet_cli.networks import TrainedNetwork
    from srnet_cli.networks.readers.loaded import LoadedNetwork

Array = NDArray[np.float64]
Function = Callable[[Array], Any]


def fit(
    config: Path | str | Experiment,
    overrides: Mapping[str, object] | None = None,
    *,
    run_dir: Path | str | None = None,
    verbose: bool = False,
) -> Run:
    """Train or load a network and search for its formulas, as ``srnet fit`` does.

    A fit that was interrupted goes on where it stopped; one that has finished is not repeated.

    Args:
        config: a config file, or settings from ``load_config`` or ``make_config``.
        overrides: settings that replace those of a file, by dotted key.
        run_dir: the run's folder; by default ``<name>-<signature>`` in ``runs/``, or in the folder
            that ``SRNET_RUNS_DIR`` names.
        verbose: whether to print what happens. Warnings are Python's in any case.

    Raises:
        ConfigError, UsageError: the config is wrong, or another process works on this run.
        DataError, ModelError: the rows or the network cannot be used.
        StorageError: the run folder cannot be written.
        KeyboardInterrupt: Ctrl-C; what was found is in the folder, and the same call goes on.
    """
    if isinstance(config, Experiment):
        if overrides:
            raise UsageError("they are for config files", options=("overrides",))
        experiment = config
    else:
        experiment = load_config(config, overrides)
    return fitted_run(experiment, run_dir, verbose=verbose)


def fit_network(
    network: Any,
    X: Any = None,
    y: Any = None,
    *,
    domain: Mapping[str, tuple[float, float]] | None = None,
    hidden: Sequence[Function | Array] = (),
    features: Sequence[str] | None = None,
    target: str = "target",
    classes: Sequence[Any] = (),
    name: str = "network",
    run_dir: Path | str | None = None,
    verbose: bool = False,
    **evolution: Any,
) -> Run:
    """Search for the formulas of a network that is at hand.

    Args:
        network: a network file; or a PyTorch module, a fitted estimator of scikit-learn, or any
            function of rows, (n, d) to (n, m) or (n,). Dense layers are read as such; of other
            objects the outputs are read, and the layers that ``hidden`` names.
        X: rows that the network takes, (n, d), an array or a DataFrame; a quarter is held out.
            May be left out where there is a domain, as all rows are drawn from that.
        y: what the network was trained to say on these rows, (n,): the network is then judged too.
        domain: an interval per input, in the network's order, of which rows are drawn; by default
            formulas are fitted to rows near those of X.
        hidden: of a function, its layers before the output: functions of rows to units, (n, m_l),
            or arrays of the units on X.
        features: names of the inputs, (d,); by default those of the DataFrame, of the domain, of
            the network, else x0, x1 …
        target: what the output is called.
        classes: the labels of a classifier's outputs, in their order. A function with classes, and
            an estimator that is a classifier, is read as such.
        name: what the run is called.
        run_dir, verbose: as for ``fit``.
        evolution: settings of the search, such as ``max_seconds=30`` or ``strategy="direct"``;
            ``seed=1`` decides the random numbers.

    Raises:
        SrnetError: as ``fit``.
    """
    seed = evolution.pop("seed", 0)
    rows, columns = (None, None) if X is None else rows_of(X)
    if rows is None and domain is None:
        raise UsageError("give rows that the network takes, or a domain", options=("X", "domain"))
    names = tuple(features or columns or domain or ())
    dataset: dict[str, Any] = {"target": target}
    settings: dict[str, Any]
    python_network: LoadedNetwork | None
    if domain is not None:
        dataset["domain"] = domain
    if isinstance(network, str | Path):
        python_network, settings = None, {"load": Path(network).absolute()}
        is_classifier = bool(len(classes)) or _holds_classifier(Path(network))
    else:
        known = rows if rows is not None else _corners(domain or {})
        python_network = _given(network, known, hidden, names, classes)
        is_classifier = python_network.network.output_activation == "softmax" or bool(
            python_network.classes
        )
        settings = {"callable": _called(network, python_network, known)}
    if len(classes):
        settings["classes"] = [str(label) for label in classes]
    if is_classifier:
        dataset["task"] = "classification"
    if rows is not None and (y is not None or python_network is None):
        file = kept_rows(rows, y, names, runs_root() / "given")
        dataset["rows"] = file
    experiment = make_config(
        name, dataset=dataset, network=settings, evolution=evolution, seed=seed
    )
    return fitted_run(experiment, run_dir, python_network, verbose=verbose)


def open_run(reference: Path | str | None = None) -> Run:
    """A run that was made before, in Python or on the command line.

    Args:
        reference: its folder or name; None is the latest.

    Raises:
        UsageError: no such run, or several.
        StorageError, ModelError: it is damaged.
    """
    return Run(find_run(runs_root(), None if reference is None else str(reference)))


def list_runs() -> pd.DataFrame:
    """The runs in ``runs/``, or in the folder that ``SRNET_RUNS_DIR`` names, the latest last.

    Columns: ``run``, ``state`` (finished, running, stopped, damaged), ``finished`` (UTC), ``path``.
    """
    import pandas as pd

    from srnet_cli.store.runs import list_runs as list_folders

    rows = [(run.folder, run.state, run.finished, run.path) for run in list_folders(runs_root())]
    return pd.DataFrame(rows, columns=["run", "state", "finished", "path"])


def fitted_run(
    experiment: Experiment,
    run_dir: Path | str | None = None,
    python_network: LoadedNetwork | None = None,
    *,
    verbose: bool = False,
) -> Run:
    """Fit settings, with the network that they name as ``network.callable``; see ``fit``."""
    path = Path(run_dir or runs_root() / f"{experiment.name}-{signature(experiment)}")
    reporter: Reporter = _Printing() if verbose else _Warning()
    config = to_yaml(experiment).encode()
    try:
        result = fitting.run_experiment(experiment, config, path, reporter, python_network)
    except Interrupted as stop:
        if stop.exit_code == 128 + signal.SIGINT:
            raise KeyboardInterrupt(str(stop)) from stop
        raise
    run = Run(result.path)
    return run if python_network is None else run.with_network(_ready(python_network, experiment))


def rows_of(X: Any) -> tuple[Array, tuple[str, ...] | None]:
    """Rows as numbers, (n, d), and the names of their columns, None where they have none.

    Raises:
        DataError: they are no table of finite numbers.
    """
    from srnet_cli.errors import DataError

    columns = getattr(X, "columns", None)
    try:
        rows = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"X holds something that is no number: {error}") from None
    if rows.ndim != 2 or not rows.size or not np.isfinite(rows).all():
        raise DataError(f"X must be a table of finite numbers, (n, d); it is {rows.shape}")
    return rows, None if columns is None else tuple(map(str, columns))


def kept_rows(rows: Array, y: Any, names: Sequence[str], folder: Path) -> Path:
    """Rows as a file that a config can name; equal rows are the same file.

    Raises:
        StorageError: it cannot be written.
    """
    import io

    from srnet_cli.store import write_atomic
    from srnet_cli.store.directory import storage_errors

    arrays: dict[str, Any] = {"X": rows}
    if y is not None:
        labels = np.asarray(y).reshape(len(rows), -1)[:, 0]
        arrays["y"] = labels.astype(str) if labels.dtype.kind not in "iufb" else labels
    if names:
        arrays["names"] = np.array(list(map(str, names)))
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    data = buffer.getvalue()
    digest = sha256()
    for key, values in arrays.items():
        digest.update(f"{key} {values.dtype} {values.shape}\n".encode() + values.tobytes())
    file = (folder / f"{digest.hexdigest()[:16]}.npz").absolute()
    if not file.is_file():
        with storage_errors("write", file):
            folder.mkdir(parents=True, exist_ok=True)
        write_atomic(file, data)
    return file


def _holds_classifier(path: Path) -> bool:
    """Whether a network file says that its outputs are classes."""
    from srnet_cli.config.loading import network_settings
    from srnet_cli.networks.opening import open_network

    loaded = open_network(network_settings(path), None).loaded
    return loaded.network.output_activation == "softmax" or bool(loaded.classes)


def _given(
    network: Any,
    rows: Array,
    hidden: Sequence[Function | Array],
    names: Sequence[str],
    classes: Sequence[Any],
) -> LoadedNetwork:
    from srnet_cli.networks.callables import network_of_object

    labels = [str(label) for label in classes]
    return network_of_object(network, rows, hidden, inputs=names, classes=labels)


def _called(network: Any, python_network: LoadedNetwork, rows: Array) -> str:
    """What an object is called in settings: its kind, and what tells it from others of its kind."""
    digest = sha256(rows.tobytes())
    for layer in python_network.network.activations(rows):
        digest.update(layer.tobytes())
    return f"{python_network.kind} {digest.hexdigest()[:16]}"


def _ready(python_network: LoadedNetwork, experiment: Experiment) -> TrainedNetwork:
    """The network as a run has it, for as long as this process lives; its folder keeps values."""
    from srnet_cli.networks.opening import given_network

    settings, task = experiment.network, experiment.dataset.task
    return given_network(python_network, settings, task).loaded.network.centred()


def _corners(domain: Mapping[str, tuple[float, float]]) -> Array:
    """Rows of a domain, to try a network on: both ends, and the middle."""
    low, high = (np.array([box[end] for box in domain.values()], dtype=float) for end in (0, 1))
    return np.stack([low, high, (low + high) / 2.0, 0.75 * low + 0.25 * high])


class _Warning:
    """A reporter that passes on warnings alone, as Python's."""

    def notice(self, text: str) -> None:
        """A line."""
        if is_warning(text):
            warnings.warn(text.partition(": ")[2], UserWarning, stacklevel=2)

    def progress(self, progress: SearchProgress) -> None:
        """Nothing."""


class _Printing(_Warning):
    """A reporter that prints; progress, once for every tenth more of the generations."""

    def __init__(self) -> None:
        self._best: tuple[int, float] | None = None

    def notice(self, text: str) -> None:
        """A line."""
        super().notice(text)
        if not is_warning(text):
            print(text, file=sys.stderr)

    def progress(self, progress: SearchProgress) -> None:
        """The most faithful formula so far, where it is better than before."""
        for front in progress.fronts()[:1]:
            if not front.members:
                continue
            best = front.members[-1]
            if self._best is None or best.error < 0.5 * self._best[1]:
                self._best = (best.nodes, best.error)
                print(f"{front.output}: 1−R² {best.error:.2g}, {best.nodes} nodes", file=sys.stderr)
