"""Words for error messages: near names, short lists, clipped quotations. Always one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from srnet_cli.config.suggestions import nearest


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'sin'?"``, or nothing where no known name is near."""
    near = nearest(name, known)
    return f"; did you mean {near!r}?" if near else ""


def listed(names: Sequence[str], most: int = 30) -> str:
    """The names separated by commas, the rest as a count: ``x0, x1, … (8 more)``."""
    rest = f", … ({len(names) - most} more)" if len(names) > most else ""
    return ", ".join(clip(name) for name in names[:most]) + rest


def quoted(value: object, most: int = 60) -> str:
    """A value in quotes, control characters escaped, clipped to ``most`` characters."""
    return repr(_cut(str(value), most))


def clip(text: str, most: int = 60) -> str:
    """Printable text on one line, clipped to ``most`` characters."""
    return "".join(letter if letter.isprintable() else "?" for letter in _cut(text, most))


def _cut(text: str, most: int) -> str:
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most and len(text) <= 4 * most else line[: most - 1] + "…"
