"""One trial of a suite, in a worker: of this machine, or of a cluster that shares no files."""

from __future__ import annotations

import errno
import json
import platform
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from srnet_cli.arithmetic import arithmetic
from srnet_cli.config.loading import experiment_from_mapping
from srnet_cli.config.resolved import resolved
from srnet_cli.config.schema import Experiment
from srnet_cli.errors import Interrupted, SrnetError, StorageError
from srnet_cli.runs import files as run_files
from srnet_cli.store import encode_json
from srnet_cli.suites.luggage import Luggage, network_at_hand, pack, train, unpacked

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


@dataclass(frozen=True)
class Outcome:
    """What has become of a job.

    Attributes:
        kind: done, failed, disk (nothing can be written where the suite is, which is nobody's
            trial's fault), lost (nothing can be written where the worker is), or stopped (by a
            signal to the worker).
        error, hint: why not, one line each.
        files: of the finished run, for jobs from afar.
        luggage: that was packed, for jobs that pack.
        network: that was trained, as the cache has it, for jobs that train.
    """

    kind: Literal["done", "failed", "disk", "lost", "stopped"]
    error: str = ""
    hint: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    luggage: Luggage | None = None
    network: bytes = b""


@dataclass(frozen=True)
class TrialHere:
    """Run a trial in its folder; of its luggage only the network is looked at."""

    experiment: Experiment
    config: bytes
    path: Path
    luggage: Luggage = field(default_factory=Luggage)

    def run(self) -> Outcome:
        """Fit, or go on with the fit."""
        from srnet_cli.fit.fitting import run_experiment

        with network_at_hand(self.luggage):
            run_experiment(self.experiment, self.config, self.path)
        return Outcome("done")


@dataclass(frozen=True)
class TrialAfar:
    """Run a trial from its settings and luggage, and send its folder back."""

    settings: Mapping[str, Any]
    config: bytes
    luggage: Luggage

    def run(self) -> Outcome:
        """Fit in a folder that goes away afterwards; one trial at a time in a process."""
        from srnet_cli.fit.fitting import run_experiment

        try:
            place = tempfile.TemporaryDirectory(prefix="srnet-", ignore_cleanup_errors=True)
        except OSError as error:
            return Outcome("lost", f"no temporary folder on {platform.node()}: {error}")
        try:
            with _ALONE, place, unpacked(self.luggage, Path(place.name)) as paths:
                experiment = experiment_from_mapping(_renamed(self.settings, paths))
                run = Path(place.name) / "run"
                run_experiment(experiment, self.config, run)
                return Outcome("done", files=_collected(run, paths))
        except (StorageError, OSError) as error:
            # The disk of one worker, which need not be that of another.
            kind: Literal["lost", "failed"] = "lost" if is_of_disk(error) else "failed"
            return Outcome(kind, f"on {platform.node()}: {error}")


@dataclass(frozen=True)
class Packing:
    """Load a case's rows and pack what its trials need; see ``suite_luggage.pack``."""

    experiment: Experiment
    travels: bool

    def run(self) -> Outcome:
        """Load, or find that in the caches."""
        return Outcome("done", luggage=pack(self.experiment, travels=self.travels))


@dataclass(frozen=True)
class Training:
    """Train a case's network; see ``suite_luggage.train``."""

    experiment: Experiment

    def run(self) -> Outcome:
        """Train it, unless another process has done so meanwhile."""
        return Outcome("done", network=train(self.experiment))


Job = TrialHere | TrialAfar | Packing | Training


def run_job(job: Job) -> Outcome:
    """Do a job with one thread; whatever it raises becomes an outcome."""
    from threadpoolctl import threadpool_limits

    load_libraries()
    try:
        with threadpool_limits(limits=1):
            return job.run()
    except Interrupted as error:
        return Outcome("stopped", str(error))
    except SrnetError as error:
        if is_of_disk(error):
            return Outcome("disk", str(error), error.hint)
        return Outcome("failed", str(error), error.hint)
    # A bug that one trial meets must not take the others' results.
    except Exception as error:
        line = " ".join(f"unexpected {type(error).__name__}: {error}".split())
        return Outcome("failed", line, "this is a bug of srnet: please report it")


def is_of_disk(error: Exception) -> bool:
    """Whether a disk is full, faulty or read-only, so that whatever comes next fails as well."""
    cause = error.__cause__ if isinstance(error, StorageError) else error
    return isinstance(cause, OSError) and cause.errno in _DISK


def fault(outcome: Outcome) -> str:
    """Why an outcome says nothing of its job but only of the worker; empty where it counts."""
    return outcome.error if outcome.kind in ("lost", "stopped") else ""


def load_libraries() -> None:
    """Load what trials need, BLAS above all: its threads can be limited only once it is there."""
    from srnet_cli.fit import (
        preparation,  # noqa: F401
        results,  # noqa: F401
        search,  # noqa: F401
    )


_ALONE = threading.Lock()


def _renamed(value: Any, paths: Mapping[str, str]) -> Any:
    """Plain values with paths replaced."""
    if isinstance(value, Mapping):
        return {key: _renamed(item, paths) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(item, paths) for item in value]
    return paths.get(value, value) if isinstance(value, str) else value


def _collected(run: Path, paths: Mapping[str, str]) -> dict[str, bytes]:
    """The files of a finished run, with paths as they are where the suite was begun."""
    from srnet_cli.store.commit import Commit

    back = {new: old for old, new in paths.items()}
    files = {
        path.relative_to(run).as_posix(): path.read_bytes()
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name not in (run_files.LOCK, run_files.DONE)
    }
    for name in run_files.NAMING_PATHS:
        files[name] = encode_json(_renamed(json.loads(files[name]), back))
    commit = Commit.from_bytes((run / run_files.DONE).read_bytes(), run / run_files.DONE)
    return {**files, run_files.DONE: replace(commit, files=_fingerprints(files)).to_bytes()}


def _fingerprints(files: Mapping[str, bytes]) -> dict[str, Any]:
    from srnet_cli.store.commit import Fingerprint

    return {name: Fingerprint.of(data) for name, data in files.items()}


_VERSIONED = ("numpy", "numba", "llvmlite", "scipy", "scikit-learn", "sympy")


@cache
def versions() -> dict[str, str]:
    """What results depend on: this project, to the last byte of its sources, and its libraries.

    Places that differ in any of it do not work on one suite.
    """
    package = Path(__file__).parents[1]
    digest = sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    python = ".".join(platform.python_version_tuple()[:2])
    srnet = f"{version('srnet')} (sources {digest.hexdigest()[:8]})"
    known = {"srnet": srnet, "Python": python, "machine": platform.machine()}
    return known | {name: version(name) for name in _VERSIONED} | arithmetic()


def settings_of(experiment: Experiment) -> dict[str, Any]:
    """The settings as they travel."""
    return resolved(experiment)
