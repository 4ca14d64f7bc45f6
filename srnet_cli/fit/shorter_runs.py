"""More generations, or trials, for a run that has been made: its search goes on where it stopped.

They make a run of their own, whose signature is another one. Where a strategy makes the first of
many generations as it makes the first of few, the states of the shorter run are states of the
longer one, and are taken up; the shorter run stays as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from srnet_cli.config.resolved import signature
from srnet_cli.config.schema import Experiment
from srnet_cli.errors import SrnetError
from srnet_cli.evolution.strategies import strategy_of
from srnet_cli.fit.search import drop_damaged
from srnet_cli.reporting import Reporter
from srnet_cli.runs import files
from srnet_cli.runs.records import Inputs, RunInfo
from srnet_cli.store import Checkpoint, RunFolder, is_run_folder, runs_root


@dataclass(frozen=True)
class _Shorter:
    """A shorter run and where it stopped."""

    path: Path
    checkpoint: Checkpoint


def take_up_shorter(folder: RunFolder, experiment: Experiment, reporter: Reporter) -> None:
    """Begin a run with the newest states of a shorter run of the same search, where there is one.

    Looked for are runs beside this one and under the runs' root that differ in a smaller
    ``evolution.generations`` or ``trials`` and in nothing else: neither in rows and network nor in
    the versions that made them. Strategies whose search depends on how long it may go on begin
    anew, which is told. Nothing is done where time limits the search.

    Args:
        folder: the run, whose inputs are written; one that has a checkpoint keeps it.
        experiment: its settings.
        reporter: is told what was taken up, or that nothing could be.

    Raises:
        StorageError: the checkpoint cannot be written.
    """
    settings = experiment.evolution
    if settings.max_seconds is not None or folder.newest_checkpoint() is not None:
        return
    shorter = max(
        _shorter_runs(folder, experiment),
        key=lambda shorter: (shorter.checkpoint.generation, str(shorter.path)),
        default=None,
    )
    if shorter is None:
        return
    if strategy_of(experiment).goes_on is None:
        reporter.notice(
            f"{settings.strategy} divides what it may spend, so this begins anew beside "
            f"{shorter.path}, which had less"
        )
    else:
        drop_damaged(folder, reporter)
        reporter.notice(f"taking up what {shorter.path} has searched")
        folder.save_checkpoint(shorter.checkpoint.generation, shorter.checkpoint.data)


def _shorter_runs(folder: RunFolder, experiment: Experiment) -> Iterator[_Shorter]:
    own, begun = RunInfo.read_uncommitted(folder), Inputs.read(folder)
    mark = cache(lambda generations, trials: signature(_limited(experiment, generations, trials)))
    for path in _candidates(folder.path):
        try:
            other = RunFolder.open(path)
            limits = _smaller_limits(other.read_json(files.SETTINGS), experiment)
            info = RunInfo.read_uncommitted(other)
            if limits is None or info.signature != mark(*limits) or info.versions != own.versions:
                continue
            inputs = Inputs.read(other)
            if _hashes(inputs) == _hashes(begun) and (newest := other.newest_checkpoint()):
                yield _Shorter(path, newest)
        except SrnetError:  # one that is damaged is none to go on from
            continue


def _candidates(own: Path) -> list[Path]:
    """Run folders beside a run and under the runs' root, without that run."""
    paths: dict[Path, None] = {}
    for root in (own.absolute().parent, runs_root().absolute()):
        try:
            names = sorted(os.listdir(root))
        except OSError:
            continue
        paths |= dict.fromkeys(root / name for name in names if is_run_folder(root / name))
    return [path for path in paths if path != own.absolute()]


def _smaller_limits(values: Any, experiment: Experiment) -> tuple[int, int] | None:
    """Generations and trials of a run, from its settings, where they are the smaller ones."""
    own = (experiment.evolution.generations, experiment.trials)
    try:
        limits = (values["evolution"]["generations"], values["trials"])
        is_alike = values["evolution"]["strategy"] == experiment.evolution.strategy
        is_alike = is_alike and values["seed"] == experiment.seed
    except (KeyError, TypeError):
        return None
    are_smaller = limits != own and all(
        type(limit) is int and 0 < limit <= most for limit, most in zip(limits, own, strict=True)
    )
    return limits if is_alike and are_smaller else None


def _limited(experiment: Experiment, generations: int, trials: int) -> Experiment:
    evolution = experiment.evolution.model_copy(update={"generations": generations})
    return experiment.model_copy(update={"evolution": evolution, "trials": trials})


def _hashes(inputs: Inputs) -> tuple[str, str]:
    return inputs.dataset_sha256, inputs.network_sha256
