"""``srnet report``: writes a run, several runs or a suite as one page, and its plots as files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from srnet_cli.compare.plane import View
from srnet_cli.config.written import one_line
from srnet_cli.errors import UsageError
from srnet_cli.rendering import html
from srnet_cli.rendering.document import BRIEF, Display, Document
from srnet_cli.report import document as of_run
from srnet_cli.report import side_by_side, suite
from srnet_cli.report.subject import read_subject
from srnet_cli.store import check_new_file, find_run, runs_root, storage_errors, write_atomic
from srnet_cli.store.directory import open_regular
from srnet_cli.suites.folder import SuiteFolder, is_suite_folder


@dataclass(frozen=True)
class Reported:
    """What was written.

    Attributes:
        page: the report.
        figures: its plots, in order; none where nobody asked for them.
    """

    page: Path
    figures: tuple[Path, ...] = ()

    def words(self) -> str:
        """Say it in one line."""
        if not self.figures:
            return str(self.page)
        return f"{self.page} and {len(self.figures)} figures in {self.figures[0].parent}"

    def document(self) -> Document:
        """Say it in any format."""
        record = {"page": str(self.page), "figures": list(map(str, self.figures))}
        return Document(one_line(self.words()), record=record)


def run(
    references: Sequence[str] = (),
    *,
    output: Path | None = None,
    figures: str | None = None,
    force: bool = False,
    display: Display = BRIEF,
    view: View | None = None,
) -> Reported:
    """Write a report.

    Args:
        references: runs, each by its folder or name, or one suite; none: the latest run.
        output: the file to write; None: ``<name>.html`` in the current folder. A report that
            stands there is replaced.
        figures: format of the plots as files of their own, one of ``paper.FORMATS``, in a folder
            beside the page; None: none are written.
        force: whether a file that is no report is replaced.
        display: how much of long things, and what the reader calls options.
        view: the plane on which a classifier's regions are drawn.

    Raises:
        UsageError: no such run or suite, a suite among runs, no such format, no such plane, or a
            file that exists and is no report.
        StorageError, ModelError: a run is damaged, or a file cannot be written.
    """
    from srnet_cli.rendering import paper

    if figures is not None and figures not in paper.FORMATS:
        raise UsageError(
            f"no such format; give one of {', '.join(paper.FORMATS)}", options={"figures": figures}
        )
    paths = _paths(references)
    page = Path(f"{_name(paths)}.html") if output is None else output
    check_new_file(page, force or _is_report(page))
    report = report_of(paths, display, view)
    folder = page.with_name(f"{page.stem}-figures")
    written = []
    if figures is not None:
        with storage_errors("make", folder):
            folder.mkdir(exist_ok=True)
        for name, data in paper.files_of(list(of_run.charts_of(report)), figures):
            write_atomic(folder / name, data)
            written.append(folder / name)
    write_atomic(page, (html.render(report) + "\n").encode())
    return Reported(page, tuple(written))


def report_of(
    paths: Sequence[Path], display: Display = BRIEF, view: View | None = None
) -> Document:
    """The report of a suite's folder, of a run's, or of several runs'.

    Raises:
        UsageError: a plane is asked for that the report does not show.
    """
    if view is not None and view.wishes and (len(paths) > 1 or is_suite_folder(paths[0])):
        raise UsageError(
            "they choose where classes are drawn in the report of one run", options=view.wishes
        )
    if len(paths) == 1 and is_suite_folder(paths[0]):
        return suite.document(SuiteFolder.open(paths[0]))
    runs = [read_subject(path) for path in paths]
    if len(runs) == 1:
        return of_run.document(runs[0], display, view)
    return side_by_side.document(runs, display)


def _paths(references: Sequence[str]) -> list[Path]:
    """The folders that are meant."""
    paths = [_path(reference) for reference in references or (None,)]
    if len(paths) > 1 and (suites := [path for path in paths if is_suite_folder(path)]):
        raise UsageError(
            f"{suites[0]} is a suite, which is reported on alone",
            hint="give one suite, or runs only",
        )
    return paths


def _path(reference: str | None) -> Path:
    if reference:
        for path in (Path(reference), runs_root() / reference):
            if is_suite_folder(path):
                return path
        named = _suites_named(reference)
        if len(named) == 1:
            return named[0]
    return find_run(runs_root(), reference)


def _suites_named(reference: str) -> list[Path]:
    """The suites of that name, whatever their signature."""
    root = runs_root()
    if not root.is_dir():
        return []
    with storage_errors("list", root):
        folders = sorted(root.iterdir())
    return [
        path
        for path in folders
        if path.name.rpartition("-")[0] == reference and is_suite_folder(path)
    ]


def _name(paths: Sequence[Path]) -> str:
    """What a report is called unless it is given a name."""
    return f"{paths[0].resolve().name}-report" if len(paths) == 1 else "report"


def _is_report(page: Path) -> bool:
    """Whether a file is a page that this command has made."""
    beginning = html.BEGINNING.encode()
    try:
        # Of a regular file alone: to open a pipe would be to wait for its other end.
        with open(open_regular(page.resolve(), os.O_RDONLY), "rb") as file:
            return file.read(len(beginning)) == beginning
    except (OSError, RuntimeError):  # which says what is wrong when it is to be written
        return False
