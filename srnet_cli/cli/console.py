"""The terminal: results on standard output in forms of choice, errors as one line and a code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import typer

from srnet_cli.errors import SrnetError, StorageError, UsageError

if TYPE_CHECKING:
    from srnet_cli.rendering.document import Document

# typer carries its own copy of click's exceptions in newer versions, and click's in older ones.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


JSON_ERRORS = "--json-errors"
"""The option that asks for errors as JSON, before a command or behind it."""

ERRORS_VARIABLE = "SRNET_ERRORS"


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
    given = list(sys.argv[1:] if arguments is None else arguments)
    given, failed = _form_of_errors(given)
    try:
        _set_log_level(os.environ.get("SRNET_LOG_LEVEL", ""))
        return int(app(given, prog_name="srnet", standalone_mode=False) or 0)
    except SrnetError as error:
        options = [flag(name) for name in error.options]
        return failed(error, error.line(flag), error.advice(flag), error.exit_code, options)
    except _UsageError as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "srnet"
        # Typer names the validator of a choice before what the validator says.
        message = error.format_message().replace("Value error, ", "")  # type: ignore[attr-defined]
        return failed(error, message, f"'{command} --help' says how to use it", 2)
    except (KeyboardInterrupt, typer.Abort):
        return failed(KeyboardInterrupt(), "stopped", "", 130)
    except _NobodyReadsError:
        return 0
    except Exception as error:
        message = f"unexpected {type(error).__name__}: {error}"
        hint = "this is a bug of srnet: please report it; SRNET_FULL_ERROR=1 shows where it is"
        return failed(error, message, hint, 1)


class _Failed(Protocol):
    """Reports an error and gives its exit code."""

    def __call__(
        self,
        error: BaseException,
        message: str,
        hint: str,
        exit_code: int,
        options: Sequence[str] = (),
    ) -> int: ...


def _form_of_errors(arguments: list[str]) -> tuple[list[str], _Failed]:
    """The command line without the option that asks for JSON, and what reports errors.

    A command line that cannot be parsed is an error in the form that it asks for, too.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [word for word in arguments[:end] if word != JSON_ERRORS] + arguments[end:]
    wants_json = len(kept) < len(arguments) or os.environ.get(ERRORS_VARIABLE) == "json"
    return kept, _failed_as_json if wants_json else _failed


def flag(option: str) -> str:
    """How an option of a command is typed: ``run_dir`` is ``--run-dir``."""
    return f"--{option.replace('_', '-')}"


def _failed(
    error: BaseException, message: str, hint: str, exit_code: int, options: Sequence[str] = ()
) -> int:
    """Two lines for people: what is wrong, and what to do."""
    _show_traceback(error)
    _complain(f"srnet: {message}")
    if hint:
        _complain(f"  {hint}")
    return exit_code


def _failed_as_json(
    error: BaseException, message: str, hint: str, exit_code: int, options: Sequence[str] = ()
) -> int:
    """A line for programs; it is the last one on standard error."""
    import json

    _show_traceback(error)
    record = {
        "error": message,
        "hint": hint,
        "kind": type(error).__name__,
        "options": list(options),
        "exit_code": exit_code,
    }
    print(json.dumps(record), file=sys.stderr)
    return exit_code


def _show_traceback(error: BaseException) -> None:
    # Who stops a command does not ask where it was.
    if os.environ.get("SRNET_FULL_ERROR") == "1" and isinstance(error, Exception):
        import traceback

        traceback.print_exception(error)


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
