"""``srnet export``: the formulas of a run in a format that other programs read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from srnet_cli.errors import UsageError
from srnet_cli.export.formats import FORMATS, Format
from srnet_cli.export.subject import Precision, Subject, subject_of
from srnet_cli.runs.choice import DEFAULT, Choice
from srnet_cli.runs.selection import select
from srnet_cli.store import check_new_file, write_atomic


def run(
    reference: str | None,
    to: str,
    *,
    output: Path | None = None,
    choice: Choice = DEFAULT,
    composition: bool = False,
    layer: int | None = None,
    precision: str = "double",
    force: bool = False,
) -> str | None:
    """Export formulas of a run.

    Args:
        reference: the run's folder, name, or ``latest``; None is the latest.
        to: name of the format, see ``formats.FORMATS``.
        output: the file to write; None: none, the text is returned.
        choice: which of the formulas.
        composition: whether to export the layers, one after the other, even where there is a
            formula straight from the inputs.
        layer: this layer alone, from 1.
        precision: of the numbers that code computes with, ``double`` or ``single``.
        force: whether a file that exists is replaced.

    Returns:
        the text where no file was asked for.

    Raises:
        UsageError: no such format, layer or precision, the run has not finished, a choice that
            there is not, or a file that exists.
        ModelError: the format has no room for the formulas, or misses a package.
        StorageError: the run is damaged, or the file cannot be written.
    """
    form = _form(to)
    numbers = _precision(form, precision)
    if composition and layer is not None and choice.pick is None:
        raise UsageError(
            "they contradict each other; give one of them", options=("composition", "layer")
        )
    if output is None:
        if form.render is None:
            raise UsageError(
                "this format is no text; name a file", options={"to": to}, remedies=("output",)
            )
    else:
        check_new_file(output, force)
    by_layers = composition or layer is not None
    selection = select(reference, choice, composition=by_layers)
    subject = replace(subject_of(selection, None if composition else layer), precision=numbers)
    if output is None:
        assert form.render is not None
        return form.render(subject)
    write_atomic(output, _data(form, subject, output))
    return None


def _data(form: Format, subject: Subject, output: Path) -> bytes:
    """What a file of that name holds."""
    is_text = form.pack is None or (form.render is not None and output.suffix != form.suffix)
    if is_text and form.render is not None:
        return form.render(subject).encode()
    assert form.pack is not None
    return form.pack(subject)


def _form(to: str) -> Format:
    if to not in FORMATS:
        raise UsageError(f"no such format; give one of {', '.join(FORMATS)}", options={"to": to})
    return FORMATS[to]


def _precision(form: Format, name: str) -> Precision:
    for precision in form.precisions:
        if precision == name:
            return precision
    able = [other for other, known in FORMATS.items() if name in known.precisions]
    cure = f"only {', '.join(able)} have it" if able else "give double or single"
    raise UsageError(cure, options={"precision": name})
