"""Errors, as callers in Python and on the command line read them."""

from __future__ import annotations

import pickle

from srnet_cli.cli.console import flag
from srnet_cli.errors import TrialsFailed, UsageError

ERROR = UsageError(
    "give one of them",
    hint="list what there is",
    options={"run_dir": None, "digits": 20},
    remedies=("fronts", "run_dir"),
)


def test_python_reads_plain_names() -> None:
    """As arguments are called; without options there is nothing but the message."""
    assert str(ERROR) == "run_dir and digits 20: give one of them"
    assert ERROR.advice(str) == "list what there is (fronts, run_dir)"
    assert str(UsageError("no run 'x'")) == "no run 'x'"
    assert UsageError("no run 'x'").advice(str) == ""


def test_the_command_spells_them_as_options() -> None:
    """The same line with dashes, the hint too."""
    assert ERROR.line(flag) == "--run-dir and --digits 20: give one of them"
    assert ERROR.advice(flag) == "list what there is (--fronts, --run-dir)"
    assert TrialsFailed(2, "runs/s").advice(flag).endswith("(--list)")


def test_errors_survive_a_process() -> None:
    """A worker's error has the same words, options and hint where it arrives."""
    again = pickle.loads(pickle.dumps(ERROR))
    assert again.line(flag) == ERROR.line(flag)
    assert again.advice(flag) == ERROR.advice(flag)


def test_a_message_is_one_printable_line() -> None:
    """Whatever a file's name, or a name in a file, puts into message, hint and options."""
    error = UsageError(
        "no 'a\nb\x7f\x1b[31m\ud800'", hint="see\r\u2028x", options={"run_dir": "q\x00"}
    )
    assert str(error) == r"run_dir q\x00: no 'a\nb\x7f\x1b[31m\ud800'"
    assert error.advice(str) == r"see\r\u2028x"
    assert pickle.loads(pickle.dumps(error)).line(flag) == error.line(flag)
