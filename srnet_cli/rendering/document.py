"""What a command answers, as a value: titles, words, equations, tables; in no format yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from srnet_cli.rendering.chart import Chart
from srnet_cli.rendering.diagram import Diagram
from srnet_cli.rendering.table import Table


@dataclass(frozen=True)
class Display:
    """How much of an answer is wanted, and what its readers call the options that change it.

    Attributes:
        full: whether long things are shown in full.
        spelled: an option as the reader types it; by default its plain name.
    """

    full: bool = False
    spelled: Callable[[str], str] = str


BRIEF = Display()
"""What is shown unless more is asked for."""


@dataclass(frozen=True)
class Paragraph:
    """Words, of any length, that belong to the text."""

    text: str


@dataclass(frozen=True)
class Remarks:
    """Things to know, a sentence each."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Equation:
    """One equation, ``name = text``.

    Attributes:
        name: the left side, any text.
        text: the right side as it is typed.
        latex: the right side as LaTeX, in lines where it is too long for one; every line but the
            first begins with the operator that it was broken at.
        latex_name: the left side as LaTeX; empty: the name, upright.
        mathml: both sides as the contents of MathML elements, in parts that may stand in lines of
            their own; empty where nobody needs them.
        python: the right side as Python over NumPy arrays; empty: as it is typed.
    """

    name: str
    text: str
    latex: tuple[str, ...]
    latex_name: str = ""
    mathml: tuple[str, ...] = ()
    python: str = ""


@dataclass(frozen=True)
class Equations:
    """Equations that belong together, and what was left out of them."""

    equations: tuple[Equation, ...]
    rest: str = ""


@dataclass(frozen=True)
class Verbatim:
    """Text that is copied as it stands, such as a config."""

    text: str


@dataclass(frozen=True)
class Highlight:
    """A figure that a reader should not miss: what it is, itself, and what to hold it against."""

    label: str
    figure: str
    note: str = ""


@dataclass(frozen=True)
class Highlights:
    """The figures that come first."""

    figures: tuple[Highlight, ...]


@dataclass(frozen=True)
class Folded:
    """Blocks that only some readers want, behind their title where a format can fold them."""

    title: str
    blocks: tuple[Block, ...]


Block = Paragraph | Remarks | Equations | Verbatim | Table | Chart | Diagram | Highlights | Folded


@dataclass(frozen=True)
class Section:
    """Blocks below a heading, or without one.

    Attributes:
        heading: the heading; may be empty.
        blocks: what stands below it.
        key: its anchor, in plain letters; may be empty.
        depth: 0; 1 for a section within the one before it.
    """

    heading: str
    blocks: tuple[Block, ...] = ()
    key: str = ""
    depth: int = 0


@dataclass(frozen=True)
class Document:
    """An answer.

    Attributes:
        title: what it is about; may be empty.
        lead: sentences below the title.
        sections: the rest, in order.
        record: the same for programs, of what JSON knows, or what makes it; always in full.
        rows: the same for spreadsheets; None where there is no such form.
    """

    title: str
    lead: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    record: Any = None
    rows: Table | None = None

    def for_programs(self) -> Any:
        """The record, made now where that takes a while."""
        return self.record() if callable(self.record) else self.record

    def blocks(self) -> Iterator[Block]:
        """All blocks, in order."""
        for section in self.sections:
            yield from section.blocks


def remarks(lines: Iterable[str]) -> Section:
    """A section of remarks, without a heading; without any remarks it is empty."""
    entries = tuple(lines)
    return Section("", (Remarks(entries),) if entries else ())
