"""``srnet verify``: whether a run's files are what was committed."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from srnet_cli.errors import StorageError
from srnet_cli.rendering.document import Document, Paragraph, Section
from srnet_cli.runs.records import required_of
from srnet_cli.store import RunFolder, find_run, runs_root

_HINT = "'srnet fit' with the same config and folder makes the run whole again"


@dataclass(frozen=True)
class Verified:
    """A run whose files are whole.

    Attributes:
        run: its folder.
        finished: whether it has been committed; of one that has not, the checkpoints are whole.
    """

    run: str
    finished: bool


def run(reference: str | None = None) -> Verified:
    """Verify a run.

    Raises:
        UsageError: no such run.
        StorageError: files are damaged, missing or unexpected; the message names the first.
    """
    path = find_run(runs_root(), reference)
    folder = RunFolder.open(path)
    damage = folder.verify(required_of(folder))
    if damage:
        more = f" (and {len(damage) - 1} more)" if len(damage) > 1 else ""
        raise StorageError(f"{path}: {damage[0]}{more}", hint=_HINT)
    return Verified(str(path), folder.is_done)


def document(verified: Verified) -> Document:
    """What was verified, in a sentence."""
    state = (
        "every file is as committed" if verified.finished else "not finished; checkpoints verify"
    )
    sentence = Paragraph(f"{verified.run}: {state}")
    return Document("", sections=(Section("", (sentence,)),), record=asdict(verified))
