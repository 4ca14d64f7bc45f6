"""``srnet bench``: run suites, report on them, compare them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from srnet_cli.cli import console
from srnet_cli.cli.console import ListFormat
from srnet_cli.cli.options import Overrides, Quiet
from srnet_cli.errors import TrialsFailed


def bench(
    suite: Annotated[
        str | None,
        typer.Argument(
            help="The suite file (YAML); or a suite's folder or its name, which is then only "
            "reported on.",
            show_default=False,
        ),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Trials of every case, instead of the suite's.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, max=1024, help="Processes, by default all cores; results are the same."
        ),
    ] = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="The suite's folder, instead of one under runs/.")
    ] = None,
    overrides: Overrides = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Run on a Dask cluster: tcp://host:8786 (extra 'cluster')."
        ),
    ] = None,
    tls_ca: Annotated[
        str | None, typer.Option("--tls-ca-file", help="For tls:// schedulers: the authority.")
    ] = None,
    tls_cert: Annotated[
        str | None, typer.Option("--tls-cert", help="For tls:// schedulers: our certificate.")
    ] = None,
    tls_key: Annotated[
        str | None, typer.Option("--tls-key", help="For tls:// schedulers: our private key.")
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Of a suite's folder: a row per trial instead.")
    ] = False,
    compare_two: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--compare", metavar="A B", help="Say whether suite run B is better than suite run A."
        ),
    ] = None,
    form: Annotated[ListFormat, typer.Option("--format", help="How to print.")] = ListFormat.table,
    quiet: Quiet = False,
) -> None:
    """Run a suite: many networks, many trials, in processes or on a Dask cluster; and report.

    A suite that was interrupted goes on where it stopped, and tries anew what has failed.
    Exit code 5: some trials have failed; those of a folder that is only reported on count too.
    """
    from srnet_cli.suites import running as workflow
    from srnet_cli.suites.document import comparison_document, document, trials_document

    for_running = {
        "trials": trials,
        "jobs": jobs,
        "run_dir": run_dir,
        "set": overrides,
        "scheduler": scheduler,
        "tls_ca_file": tls_ca,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
    }
    workflow.require_sense(suite, compare_two, listed, for_running)
    if compare_two is not None:
        from srnet_cli.suites import comparing

        compared = comparing.run(*map(workflow.find, compare_two))
        console.answer(comparison_document(compared), form)
        return
    assert suite is not None  # checked above
    if listed:
        console.answer(trials_document(workflow.entries(workflow.find(suite))), form)
        return
    if workflow.is_folder(suite):
        summary = workflow.report(workflow.find(suite))
    else:
        from srnet_cli.cli.suite_view import suite_reporter

        where = workflow.where(jobs, scheduler, tls_ca, tls_cert, tls_key)
        with suite_reporter(quiet=quiet) as watcher:
            summary = workflow.run(
                Path(suite),
                overrides or (),
                trials=trials,
                where=where,
                run_dir=run_dir,
                reporter=watcher,
            )
    console.answer(document(summary), form)
    if summary.failures:
        raise TrialsFailed(len(summary.failures), str(summary.path))
