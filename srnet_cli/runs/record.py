"""Records: what a JSON file of a run or a suite holds, as a class of its own for each file.

A record is written as it stands, field by field, and checked when it is read. A key that it does
not know is left alone; one that an earlier version did not write has a default.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from srnet_cli.errors import StorageError
from srnet_cli.store import RunFolder

if TYPE_CHECKING:  # slow to import
    from pydantic import TypeAdapter, ValidationError


@dataclass(frozen=True)
class Record:
    """What one file holds.

    Attributes:
        FILE: the file's name in its folder.
        HINT: what to do where it is damaged.
    """

    FILE: ClassVar[str]
    HINT: ClassVar[str] = ""

    @classmethod
    def from_bytes(cls, data: bytes, path: Path) -> Self:
        """The record that is in these bytes, which were read from ``path``.

        Raises:
            StorageError: they are no such record; the message names file and key.
        """
        record: Self = checked(cls, data, path, cls.HINT)
        return record

    def to_dict(self) -> dict[str, Any]:
        """The values as they are written, in order."""
        return asdict(self)


@dataclass(frozen=True)
class RunRecord(Record):
    """What a file of a run folder holds."""

    HINT: ClassVar[str] = (
        "'srnet verify' says what is damaged; 'srnet fit' with the same config makes the run anew"
    )

    @classmethod
    def read(cls, folder: RunFolder) -> Self:
        """Read the record of a run; of a committed one, only if it is what was committed.

        Raises:
            StorageError: it is missing or damaged; the message names file and key.
        """
        return cls.from_bytes(folder.read(cls.FILE), folder.path / cls.FILE)

    @classmethod
    def read_uncommitted(cls, folder: RunFolder) -> Self:
        """Read the record without a look at the commit, which may be what is damaged.

        Raises:
            StorageError: it is missing or damaged; the message names file and key.
        """
        return cls.from_bytes(folder.read_uncommitted(cls.FILE), folder.path / cls.FILE)

    def write(self, folder: RunFolder) -> None:
        """Write the file.

        Raises:
            StorageError: it cannot be written.
        """
        folder.write_json(self.FILE, self.to_dict())


def checked(kind: Any, data: bytes, path: Path, hint: str) -> Any:
    """A value of a type from JSON text that was read from ``path``.

    Args:
        kind: the type; a record, or a collection of dataclasses.
        data: the text.
        path: the file.
        hint: what to do where it is damaged.

    Raises:
        StorageError: the text is no such value; the message names file and key.
    """
    from pydantic import ValidationError

    try:
        return _validated(kind, data)
    except (ValidationError, UnicodeDecodeError) as error:
        raise StorageError(f"{path} is damaged: {_problem(error)}", hint=hint) from error


def _validated(kind: Any, data: bytes) -> Any:
    text = data.decode("utf-8", "surrogatepass")
    clean = text.encode("utf-8", "replace")
    adapter = _adapter(kind)
    record = adapter.validate_json(clean, strict=True)
    # A file name may hold bytes that are not UTF-8, which only Python's own JSON keeps.
    return record if clean == data else adapter.validate_python(json.loads(text))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """What checks records of a class; made once, as a suite reads thousands."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _problem(error: ValidationError | UnicodeDecodeError) -> str:
    """The first thing that is wrong, on one line whatever a key holds."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not valid JSON"
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return "it is not valid JSON"
    where = " ".join(".".join(map(str, first["loc"])).split())[:200]
    what = first["msg"].removeprefix("Value error, ")  # pydantic's words before ours
    if first["type"] == "missing":
        what = "it is missing"
    return f"{where}: {what}" if where else what
