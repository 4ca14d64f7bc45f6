"""Arguments and options that several commands have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from srnet_cli.cli import completion
from srnet_cli.errors import UsageError

CHOOSING = "Which formulas"
"""Heading of the options that choose formulas."""

INSTEAD = "Something else instead"
"""Heading of the options that ask for another answer."""

WRITING = "How and where to"
"""Heading of the options about output."""

SEARCHING = "What is run"
"""Heading of the options that change what is computed."""

Config = Annotated[Path, typer.Argument(help="The config file (YAML).", show_default=False)]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Print the result and nothing else.", rich_help_panel=WRITING
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Replace a setting: evolution.generations=100. May be repeated.",
        autocompletion=completion.config_keys,
        rich_help_panel=SEARCHING,
    ),
]
_RUN_HELP = "A run's folder, its name or the beginning of it; by default the latest."
NamedRun = Annotated[
    str | None,
    typer.Argument(
        metavar="[RUN]", help=_RUN_HELP, autocompletion=completion.runs, show_default=False
    ),
]
RunReference = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN", help="The same as RUN.", autocompletion=completion.runs),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="File to write; by default the screen.",
        rich_help_panel=WRITING,
    ),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Replace the file where there is one.", rich_help_panel=WRITING),
]
Composition = Annotated[
    bool,
    typer.Option(
        "--composition",
        help="The layers' formulas, one after the other, not the direct formula.",
        rich_help_panel=CHOOSING,
    ),
]
Fidelity = Annotated[
    float | None,
    typer.Option(
        metavar="F",
        help="The simplest formulas with F times the R² of the most faithful ones.",
        rich_help_panel=CHOOSING,
    ),
]
Complexity = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="The most faithful formulas of at most N nodes.",
        rich_help_panel=CHOOSING,
    ),
]
Pick = Annotated[
    int | None,
    typer.Option(
        metavar="I",
        help="With --layer: member I, from 1, of the layer's front.",
        rich_help_panel=CHOOSING,
    ),
]
AsFound = Annotated[
    bool,
    typer.Option(
        "--as-found",
        help="The layers as the search has found them, unchanged.",
        rich_help_panel=CHOOSING,
    ),
]


def meant(named: str | None, run: str | None) -> str | None:
    """The run that is meant, which may be given as an argument or as an option.

    Raises:
        UsageError: two different runs are given.
    """
    if named is not None and run is not None and named != run:
        raise UsageError(f"{named} is named as well; name the run once", options={"run": run})
    return run if named is None else named


def check_force(force: bool, output: Path | None) -> None:
    """Refuse to replace a file where none is written.

    Raises:
        UsageError: it is asked for.
    """
    if force and output is None:
        raise UsageError(
            "no file is written that could be replaced",
            hint="name one",
            options=("force",),
            remedies=("output",),
        )


def require_alone(option: str, why: str, others: Mapping[str, bool]) -> None:
    """Make sure that an option is not given together with others that it does not read.

    Args:
        option: its name.
        why: what is wrong where it is.
        others: whether each of the others is given.

    Raises:
        UsageError: one is.
    """
    given = [name for name, is_given in others.items() if is_given and name != option]
    if given:
        raise UsageError(why, options=(option, *given))
