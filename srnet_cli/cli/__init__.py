"""The command line: its commands and their options. No logic of its own."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

_OVERVIEW: Sequence[list[str]] = ([], ["-h"], ["--help"])
"""Command lines that are answered with what commands there are."""


def _keep_warnings_back() -> None:
    """What libraries warn of is for developers, with paths; ``python -W`` shows it again.

    Workers read the variable.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
        os.environ["PYTHONWARNINGS"] = "ignore"


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry point of the ``srnet`` command.

    Args:
        arguments: the command line without the program's name; None takes that of the process.

    Raises:
        SystemExit: always, with the exit code.
    """
    if arguments is None:
        from srnet_cli.signals import quit_on_signals

        # Before anything else is imported, which takes longer than some need to think again.
        quit_on_signals()
        _keep_warnings_back()
    from srnet_cli.cli.lean import import_help

    import_help()
    from srnet_cli.cli import console
    from srnet_cli.cli.app import app, overview

    words = sys.argv[1:] if arguments is None else list(arguments)
    sys.exit(console.run(overview() if words in _OVERVIEW else app, arguments))
