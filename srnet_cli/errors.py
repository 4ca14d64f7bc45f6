"""Every error a user can cause, with the exit code it ends in.

Code below the command line raises these; ``cli`` alone prints them: one line on standard error,
then the hint. Anything else that escapes is a bug of ours and exits with 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

Options = Mapping[str, object] | Sequence[str]


def printable(text: str) -> str:
    """A text with control characters and lone surrogates escaped, so that it is on one line."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


class SrnetError(Exception):
    """An error with a message for the user.

    Args:
        message: what is wrong; one line, behind the options that it is about, if any.
        hint: what to do about it, one line, or empty.
        options: the arguments that are wrong, by their plain names such as ``run_dir``, with their
            values; a sequence of names, or a value of None, leaves values out.
        remedies: names of arguments that help, for the hint.

    ``str`` has the plain names, as a caller in Python knows them; ``line`` those of another caller.
    Whatever a file's names put into them, all are printable and of one line.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        options: Options = (),
        remedies: Sequence[str] = (),
    ) -> None:
        named = options if isinstance(options, Mapping) else dict.fromkeys(options)
        self.message, self.hint = printable(message), printable(hint)
        self.options, self.remedies = dict(named), tuple(remedies)
        super().__init__(self.line(str))

    def line(self, spelled: Callable[[str], str]) -> str:
        """The message behind the options that it is about.

        Args:
            spelled: what the caller calls an option.
        """
        named = [
            spelled(name) if value is None else f"{spelled(name)} {value}"
            for name, value in self.options.items()
        ]
        return f"{printable(' and '.join(named))}: {self.message}" if named else self.message

    def advice(self, spelled: Callable[[str], str]) -> str:
        """The hint with the options that help; empty where there is none."""
        named = ", ".join(map(spelled, self.remedies))
        return f"{self.hint} ({named})" if named and self.hint else self.hint or named


class UsageError(SrnetError):
    """Wrong arguments, or a run folder that another process holds."""

    exit_code = 2


class ConfigError(UsageError):
    """A config that cannot be used: unknown key, wrong type, impossible combination."""


class DataError(SrnetError):
    """Rows that cannot be used: missing file or column, no rows, values that are not numbers."""

    exit_code = 3


class ModelError(SrnetError):
    """A network that cannot be read, or whose shape does not fit the data."""

    exit_code = 3


class StorageError(SrnetError):
    """The run folder cannot be written or read, or its content is damaged."""

    exit_code = 4


class TrialsFailed(SrnetError):
    """A suite has ended, and some of its trials have no result.

    Args:
        count: how many.
        path: the suite's folder.
    """

    exit_code = 5

    def __init__(self, count: int, path: str) -> None:
        trials = "1 trial has" if count == 1 else f"{count} trials have"
        super().__init__(
            f"{trials} failed; all others are in {path}",
            hint=f"'srnet bench SUITE' tries them anew; the list of {path} shows why",
            remedies=("list",),
        )


class Interrupted(SrnetError):
    """A signal asked the program to stop, and it did, with nothing lost.

    Args:
        number: the signal.
        path: the run folder that holds what was found, or empty where there is nothing new in it.
    """

    def __init__(self, number: int, path: str = "") -> None:
        kept = f"; what was found is in {path}" if path else " before anything new was found"
        hint = "the same command goes on from there" if path else ""
        super().__init__(f"stopped by signal {number}{kept}", hint=hint)
        self.exit_code = 128 + number
