"""The program ``srnet``: its commands, one file each.

What a command needs is imported inside it, so that ``srnet --help`` waits for no library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from srnet_cli.cli import console
from srnet_cli.cli.bench import bench
from srnet_cli.cli.compare import compare
from srnet_cli.cli.doctor import doctor
from srnet_cli.cli.examples import epilog
from srnet_cli.cli.explain import explain
from srnet_cli.cli.export import export
from srnet_cli.cli.fit import fit
from srnet_cli.cli.init import init
from srnet_cli.cli.network import network
from srnet_cli.cli.predict import predict
from srnet_cli.cli.prove import prove
from srnet_cli.cli.report import report
from srnet_cli.cli.runs import list_runs, remove, verify
from srnet_cli.cli.validate import validate
from srnet_cli.cli.warmup import warmup
from srnet_cli.errors import UsageError

_ABOUT: Mapping[str, Any] = {
    "name": "srnet",
    "help": "Read a trained neural network as formulas.",
    "epilog": "Exit codes: 0 done, 1 a bug, 2 usage or config, 3 data or model, 4 storage, "
    "5 some trials of a suite failed, 129/130/143 stopped by a signal.",
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}

app = typer.Typer(**_ABOUT)


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
    json_errors: Annotated[
        bool,
        typer.Option(
            console.JSON_ERRORS,
            help="Errors as JSON, one line on standard error; may stand behind a command, too.",
        ),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        console.show(context.get_help())
        raise typer.Exit(UsageError.exit_code)


COMMANDS: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "First steps": {"init": init, "doctor": doctor, "warmup": warmup},
    "From a network to formulas": {
        "network": network,
        "validate": validate,
        "fit": fit,
        "explain": explain,
    },
    "What formulas are worth": {"compare": compare, "prove": prove, "report": report},
    "Taking formulas elsewhere": {"export": export, "predict": predict},
    "Many runs": {"bench": bench, "ls": list_runs, "verify": verify, "rm": remove},
}
"""All commands by the headings of ``srnet --help``."""

for heading, commands in COMMANDS.items():
    for name, command in commands.items():
        app.command(name, epilog=epilog(name), rich_help_panel=heading)(command)


def overview() -> typer.Typer:
    """The program with commands that have no options: enough to say what there is, and sooner."""
    told = typer.Typer(**_ABOUT)
    told.callback(invoke_without_command=True)(_main)
    for heading, commands in COMMANDS.items():
        for name, command in commands.items():
            told.command(name, help=command.__doc__, rich_help_panel=heading)(_nothing)
    return told


def _nothing() -> None:
    """What commands of the overview do."""
