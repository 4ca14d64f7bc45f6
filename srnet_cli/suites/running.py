"""``srnet bench``: from a suite to a folder with a run per trial, and a report on all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from srnet_cli.errors import Interrupted, UsageError
from srnet_cli.executor.cluster import Tls
from srnet_cli.reporting import Silent, SuiteReporter
from srnet_cli.signals import Signals, StopNow
from srnet_cli.store import runs_root
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.ledger import TrialEntry, is_done, read_entries
from srnet_cli.suites.overview import SuiteSummary, make_summary
from srnet_cli.suites.plan import Plan, make_plan
from srnet_cli.suites.reading import read_suite
from srnet_cli.suites.session import Where, run_trials


def plan(suite: Path, overrides: Sequence[str] = (), trials: int | None = None) -> Plan:
    """What a suite would run.

    Raises:
        ConfigError: the suite or a config is wrong.
        DataError, ModelError: a file that a config names cannot be found.
    """
    from srnet_cli.fit.validating import load

    return make_plan(read_suite(suite), load, overrides, trials)


def entries(path: Path) -> list[TrialEntry]:
    """A suite's trials, from its folder alone; writes nothing.

    Raises:
        UsageError: it is not the folder of a suite.
        StorageError: its plan is damaged.
    """
    return read_entries(SuiteFolder.open(path))


def report(path: Path) -> SuiteSummary:
    """What a suite's trials say, from its folder alone; writes nothing.

    Raises:
        UsageError: it is not the folder of a suite.
        StorageError: its plan is damaged.
    """
    folder = SuiteFolder.open(path)
    return make_summary(folder, read_entries(folder))


def run(
    suite: Path,
    overrides: Sequence[str] = (),
    *,
    trials: int | None = None,
    where: Where | None = None,
    run_dir: Path | None = None,
    reporter: SuiteReporter | None = None,
) -> SuiteSummary:
    """Run what a suite still lacks, and write its reports.

    Args:
        suite: the suite file.
        overrides: ``key.path=value`` entries for every config.
        trials: replaces the number of trials.
        where: local processes, or a cluster.
        run_dir: the suite's folder; by default ``<name>-<signature>`` in the runs' root.
        reporter: is told what happens.

    Raises:
        ConfigError, UsageError: the suite or a config is wrong, another process works on this
            suite, or the cluster cannot be used.
        DataError, ModelError: a file that a config names cannot be found.
        StorageError: a folder cannot be written; all that has been written still counts.
        Interrupted: a signal came; the same call goes on from there.
    """
    from srnet_cli.suites.reports import write_reports

    where, reporter = where or Where(), reporter or Silent()
    planned = plan(suite, overrides, trials)
    path = run_dir or runs_root() / f"{planned.name}-{planned.signature}"
    with Signals() as signals, SuiteFolder.claim(path, planned) as folder:
        missing = [trial for trial in planned.trials() if not is_done(folder.trial(trial.key))]
        try:
            run_trials(folder, missing, where, reporter, signals)
            with signals.at_once():
                return write_reports(folder, read_entries(folder, {trial.key for trial in missing}))
        except StopNow:
            raise Interrupted(signals.number or 0, str(path)) from None


def require_sense(
    suite: str | None, compared: object, listed: bool, running: Mapping[str, object]
) -> None:
    """Refuse arguments that contradict each other.

    Args:
        suite: the suite file or folder, or None.
        compared: the two suite runs to compare, or None.
        listed: whether trials shall be listed.
        running: the options that only running a suite reads, by name; None where not given.

    Raises:
        UsageError: they do.
    """
    given = [name for name, value in running.items() if value is not None]
    if compared is not None and (suite is not None or listed or given):
        raise UsageError(
            "two suites are compared alone, without another suite and other options",
            options=("compare", *(["list"] if listed else []), *given),
        )
    if compared is None and suite is None:
        raise UsageError("name a suite", hint="'srnet bench configs/suites/smoke.yaml' runs one")
    if suite is not None and (listed or is_folder(suite)) and given:
        raise UsageError(
            f"{suite} is only reported on, so options for running make no sense",
            hint="name the suite file to run it",
            options=(*(["list"] if listed else []), *given),
        )


def where(
    jobs: int | None, scheduler: str | None, ca: str | None, cert: str | None, key: str | None
) -> Where:
    """Where to run, from the command line.

    Raises:
        UsageError: options that contradict each other.
    """
    if scheduler is None and (ca or cert or key):
        names = {"tls_ca_file": ca, "tls_cert": cert, "tls_key": key}
        raise UsageError(
            "certificates need a scheduler, tls://…",
            options=[name for name, file in names.items() if file],
            remedies=("scheduler",),
        )
    tls = Tls(ca, cert, key) if ca or cert or key else None
    return Where(jobs, scheduler, tls)


def is_folder(reference: str) -> bool:
    """Whether a suite's folder is meant, not a suite file."""
    return _place(reference).is_dir()


def _place(reference: str) -> Path:
    path, named = Path(reference), runs_root() / reference
    return named if reference and not path.exists() and named.is_dir() else path


def find(reference: str) -> Path:
    """The folder of a suite: a path, or a folder's name under the runs' root.

    Raises:
        UsageError: there is none.
    """
    path = _place(reference)
    SuiteFolder.open(path)
    return path
