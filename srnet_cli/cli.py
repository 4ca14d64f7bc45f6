"""The command line: its commands and their options. No logic of its own.

Workflows are imported inside the commands, so that ``srnet --help`` waits for no library.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from srnet_cli import console
from srnet_cli.console import BenchFormat, ExplainFormat, FitFormat, ListFormat
from srnet_cli.errors import TrialsFailed, UsageError

app = typer.Typer(
    name="srnet",
    help="Read a trained neural network as formulas.",
    epilog="Exit codes: 0 done, 1 a bug, 2 usage or config, 3 data or model, 4 storage, "
    "5 some trials of a suite failed, 130/143 stopped by a signal.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        console.show(f"srnet {version('srnet')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        console.show(context.get_help())
        raise typer.Exit(UsageError.exit_code)


Config = Annotated[Path, typer.Argument(help="The config file (YAML).", show_default=False)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result and nothing else.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Replace a setting: evolution.generations=100."
    ),
]
RunReference = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN", help="A run's folder or name; by default the latest."),
]

At = Annotated[
    str | None,
    typer.Option(
        metavar="ROW|x0=..,x1=..",
        help="Print only what formula, network and their slopes are at a held-out row, numbered "
        "from 0, or at given inputs.",
    ),
]


@app.command()
def validate(
    config: Config,
    overrides: Overrides = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print every setting with its default filled in.")
    ] = False,
) -> None:
    """Check a config without running it."""
    from srnet_cli.workflows import validate as workflow

    console.show(workflow.run(config, overrides or (), resolved=resolved))


@app.command()
def fit(
    config: Config,
    overrides: Overrides = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="The run's folder, instead of one under runs/.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Another name for the run.")] = None,
    form: Annotated[
        FitFormat, typer.Option("--format", help="How to print the result.")
    ] = FitFormat.table,
    quiet: Quiet = False,
) -> None:
    """Train or load a network and evolve formulas for its layers.

    A fit that was interrupted goes on where it stopped; one that has finished is not repeated.
    """
    from srnet_cli.progress import reporter
    from srnet_cli.workflows import fit as workflow
    from srnet_cli.workflows.fit_summary import FORMATS

    with reporter(quiet=quiet) as watcher:
        result = workflow.run(config, overrides or (), run_dir=run_dir, name=name, reporter=watcher)
    console.show(FORMATS[form.value](result))


@app.command()
def explain(
    run: RunReference = None,
    digits: Annotated[
        int | None,
        typer.Option(help="Significant digits of numbers; by default as few as keep R²."),
    ] = None,
    form: Annotated[
        ExplainFormat, typer.Option("--format", help="How to print.")
    ] = ExplainFormat.table,
    full: Annotated[
        bool, typer.Option("--full", help="Print long formulas and wide layers in full.")
    ] = False,
    fidelity: Annotated[
        float | None,
        typer.Option(
            metavar="F",
            help="Show the simplest formulas whose output has at least F times the R² (to the "
            "network, held-out rows; of probabilities for classes) of the most faithful ones; 1: "
            "those. By default 0.99.",
        ),
    ] = None,
    complexity: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Show the most faithful formulas of at most N nodes, all layers together.",
        ),
    ] = None,
    layer: Annotated[
        int | None,
        typer.Option(metavar="L", help="With --pick: read layer L, from 1, in another way."),
    ] = None,
    pick: Annotated[
        int | None,
        typer.Option(metavar="I", help="With --layer: member I, from 1, of the layer's front."),
    ] = None,
    as_found: Annotated[
        bool, typer.Option("--as-found", help="Show what the search has found, unchanged.")
    ] = False,
    fronts: Annotated[
        bool, typer.Option("--fronts", help="List what there is to choose from instead.")
    ] = False,
    scaled: Annotated[
        bool,
        typer.Option(
            "--scaled", help="Print formulas of standardised inputs, where the network reads these."
        ),
    ] = False,
    at: At = None,
) -> None:
    """Print a run's formulas, layer by layer and for the whole network, and what they are worth.

    Of all formulas found, the simplest are shown that do nearly what the most faithful do.
    """
    from srnet_cli.workflows.choice import Choice

    choice = Choice(fidelity, complexity, layer, pick, as_found)
    if fronts:
        from srnet_cli.workflows import front_list

        front_list.require_alone(choice, digits)
        console.show(front_list.FORMATS[form.value](front_list.run(run), full=full))
        return
    if at is not None:
        from srnet_cli.workflows import explain_at

        console.show(explain_at.FORMATS[form.value](explain_at.run(run, at, choice=choice)))
        return
    from srnet_cli.workflows import explain as workflow
    from srnet_cli.workflows.explain_formats import FORMATS

    explained = workflow.run(run, digits=digits, choice=choice, scaled=scaled)
    console.show(FORMATS[form.value](explained, full=full))


@app.command()
def compare(
    lime: Annotated[bool, typer.Option("--lime", help="Compare with LIME.")] = False,
    maple: Annotated[bool, typer.Option("--maple", help="Compare with MAPLE.")] = False,
    runs: Annotated[
        list[str] | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="A run's folder or name, may be repeated; by default the latest.",
        ),
    ] = None,
    instances: Annotated[
        int, typer.Option(help="Rows to explain, of the held-out ones and of those beyond.")
    ] = 200,
    jobs: Annotated[int, typer.Option(help="Processes; they change no result.")] = 1,
    inputs: Annotated[
        str | None,
        typer.Option(
            metavar="x0,x1",
            help="For classifiers: the inputs over which decision boundaries are drawn, the others "
            "at their medians; by default the two of the largest effect.",
        ),
    ] = None,
    projection: Annotated[
        bool,
        typer.Option(
            "--projection",
            help="Draw decision boundaries over two principal components of the rows instead.",
        ),
    ] = False,
    form: Annotated[
        ExplainFormat, typer.Option("--format", help="How to print.")
    ] = ExplainFormat.table,
    quiet: Quiet = False,
) -> None:
    """Set a run's formulas against LIME and MAPLE, on the same network and the same rows.

    Results go to compare.csv, compare.json and plots in the run's folder.
    LIME and MAPLE come with the extra 'compare'.
    """
    from srnet_cli.compare.plane import View
    from srnet_cli.progress import reporter
    from srnet_cli.workflows import compare as workflow
    from srnet_cli.workflows.compare_formats import FORMATS

    view = View.parse(inputs, projection)

    with reporter(quiet=quiet) as watcher:
        compared = workflow.run(
            runs or (),
            lime=lime,
            maple=maple,
            instances=instances,
            jobs=jobs,
            view=view,
            reporter=watcher,
        )
    console.show(FORMATS[form.value](compared))


@app.command()
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
        bool, typer.Option("--list", help="Of a suite's folder: a line a trial instead.")
    ] = False,
    compare_two: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--compare", metavar="A B", help="Say whether suite run B is better than suite run A."
        ),
    ] = None,
    form: Annotated[
        BenchFormat, typer.Option("--format", help="How to print.")
    ] = BenchFormat.table,
    quiet: Quiet = False,
) -> None:
    """Run a suite: many networks, many trials, in processes or on a Dask cluster; and report.

    A suite that was interrupted goes on where it stopped, and tries anew what has failed.
    Exit code 5: some trials have failed; those of a folder that is only reported on count too.
    """
    from srnet_cli.workflows import bench as workflow
    from srnet_cli.workflows import bench_formats

    workflow.require_sense(
        suite,
        compare_two,
        listed,
        [trials, jobs, run_dir, overrides, scheduler, tls_ca, tls_cert, tls_key],
    )
    if compare_two is not None:
        from srnet_cli.workflows import bench_compare

        compared = bench_compare.run(*map(workflow.find, compare_two))
        console.show(bench_formats.COMPARE_FORMATS[form.value](compared))
        return
    assert suite is not None  # checked above
    if listed:
        console.show(bench_formats.LIST_FORMATS[form.value](workflow.records(workflow.find(suite))))
        return
    if workflow.is_folder(suite):
        summary = workflow.report(workflow.find(suite))
    else:
        from srnet_cli.suite_view import suite_reporter

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
    console.show(bench_formats.FORMATS[form.value](summary))
    if summary.failures:
        raise TrialsFailed(len(summary.failures), str(summary.path))


@app.command("ls")
def list_runs(
    form: Annotated[ListFormat, typer.Option("--format", help="How to print.")] = ListFormat.table,
) -> None:
    """List the runs, the latest last."""
    from srnet_cli.workflows import listing

    console.show(listing.FORMATS[form.value](listing.run()))


@app.command()
def verify(run: RunReference = None) -> None:
    """Check that a finished run's files are what was committed; exit 4 if not."""
    from srnet_cli.workflows import verify as workflow

    console.show(workflow.run(run))


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry point of the ``srnet`` command.

    Args:
        arguments: the command line without the program's name; None takes that of the process.

    Raises:
        SystemExit: always, with the exit code.
    """
    sys.exit(console.run(app, arguments))
