"""``srnet rm``: remove runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from srnet_cli.errors import UsageError
from srnet_cli.rendering.document import Document, Paragraph, Section
from srnet_cli.store import find_run, remove_run, require_free, runs_root


@dataclass(frozen=True)
class Doomed:
    """Runs that are to be removed.

    Attributes:
        paths: their folders, none twice.
    """

    paths: tuple[Path, ...]

    def lines(self) -> Iterator[str]:
        """A line per run: its folder and its size."""
        for path in self.paths:
            yield f"{path}  {_size(path)}"


def find(references: Sequence[str]) -> Doomed:
    """The folders of the runs that are meant; nothing is removed.

    Args:
        references: folders or names; here ``latest`` must be written out.

    Raises:
        UsageError: a run is not there, is named by a link, or a process works in it.
        StorageError: the folder of runs cannot be read.
    """
    paths: list[Path] = []
    for reference in references:
        if Path(reference).is_symlink():
            raise UsageError(
                f"{reference} is a link; links are not followed to remove a run",
                hint="name the folder itself",
            )
        path = find_run(runs_root(), reference)
        if path.is_symlink():
            raise UsageError(f"{path} is a link; links are not followed to remove a run")
        require_free(path)
        if not any(path.samefile(other) for other in paths):
            paths.append(path)
    return Doomed(tuple(paths))


def run(doomed: Doomed) -> tuple[str, ...]:
    """Remove runs; gives their folders.

    Raises:
        UsageError: a process has begun to work in one; those before it are gone.
        StorageError: one cannot be removed.
    """
    for path in doomed.paths:
        remove_run(path)
    return tuple(map(str, doomed.paths))


def document(removed: Sequence[str]) -> Document:
    """What was removed, a sentence per run."""
    sentences = tuple(Paragraph(f"removed {path}") for path in removed)
    return Document("", sections=(Section("", sentences),), record={"removed": list(removed)})


def _size(path: Path) -> str:
    sizes = (entry.lstat().st_size for entry in path.rglob("*") if not entry.is_symlink())
    total = sum(sizes)
    return f"{total / 1e6:.1f} MB" if total >= 1e5 else f"{total / 1e3:.0f} kB"
