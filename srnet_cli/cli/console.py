"""The terminal: results on standard output in forms of choice, errors as one line and a code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

import typer

from srnet_cli.errors import SrnetError, StorageError, UsageError

if TYPE_CHECKING:
    from srnet_cli.rendering.document import Document

# typer carries its own copy of click's exceptions in newer versions, and click's in older ones.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


class Format(StrEnum):
    """How answers are printed."""

    table = "table"
    json = "json"
    markdown = "markdown"
    latex = "latex"


class ListFormat(StrEnum):
    """How answers are printed that are lists, which spreadsheets can read too."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


class _NobodyReadsError(Exception):
    """Whoever read our output has had enough; typer would call a broken pipe a failure."""


def run(app: typer.Typer, arguments: Sequence[str] | None) -> int:
    """Run a command; every error ends as one line on standard error.

    Args:
        app: all commands.
        arguments: the command line without the program's name; None takes that of the process.

    Returns:
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # rather than fail on a terminal of 1990
    try:
        _set_log_level(os.environ.get("SRNET_LOG_LEVEL", ""))
        return int(app(arguments, prog_name="srnet", standalone_mode=False) or 0)
    except SrnetError as error:
        return _failed(error, error.told(flag), error.advice(flag), error.exit_code)
    except _UsageError as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "srnet"
        message = error.format_message()  # type: ignore[attr-defined]
        return _failed(error, message, f"'{command} --help' says how to use it", 2)
    except (KeyboardInterrupt, typer.Abort):
        _complain("srnet: stopped")
        return 130
    except _NobodyReadsError:
        return 0
    except Exception as error:
        message = f"unexpected {type(error).__name__}: {error}"
        hint = "this is a bug of srnet: please report it; SRNET_FULL_ERROR=1 shows where it is"
        return _failed(error, message, hint, 1)


def flag(option: str) -> str:
    """How an option of a command is typed: ``run_dir`` is ``--run-dir``."""
    return f"--{option.replace('_', '-')}"


def _failed(error: Exception, message: str, hint: str, exit_code: int) -> int:
    if os.environ.get("SRNET_FULL_ERROR") == "1":
        import traceback

        traceback.print_exception(error)
    _complain(f"srnet: {message}")
    if hint:
        _complain(f"  {hint}")
    return exit_code


def _complain(line: str) -> None:
    from srnet_cli.rendering.plain import plain

    print(plain(" ".join(line.splitlines())), file=sys.stderr)


def answer(document: Document, form: StrEnum) -> None:
    """Print a document in a format.

    Raises:
        StorageError: it could not be written.
    """
    from srnet_cli.rendering.formats import render

    show(render(document, form.value))


def show(text: str) -> None:
    """Print a result.

    Raises:
        StorageError: it could not be written.
    """
    with writing():
        print(text, flush=True)


def remark(line: str) -> None:
    """Say something beside the result, on standard error."""
    _complain(line)


@contextmanager
def writing() -> Iterator[None]:
    """Turn what goes wrong on standard output into an error of ours.

    Raises:
        StorageError: it could not be written.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        # What could not be written is still in the buffer; Python would try again at its end, fail
        # and exit with a code of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise _NobodyReadsError from error
        raise StorageError(f"cannot write to standard output: {error.strerror}") from error


def _set_log_level(level: str) -> None:
    """Show what modules log from this level on; by default warnings, without further words."""
    if not level:
        return
    import logging

    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise UsageError(f"SRNET_LOG_LEVEL: unknown level '{level}'; use debug, info or warning")
    logging.basicConfig(stream=sys.stderr, format="%(name)s: %(message)s")
    logging.getLogger("srnet_cli").setLevel(number)
