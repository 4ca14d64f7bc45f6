"""``DONE.json``: the record that commits a run, with the hash of every file and of itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from srnet_cli.errors import StorageError
from srnet_cli.store.directory import Directory, Entry
from srnet_cli.store.files import decode_json, encode_json

SCHEMA = 1
"""Version of the run folder's layout, kept in ``run.json`` and ``DONE.json``."""

LOG = "log.txt"

_DIGEST = b',\n  "digest": "'
_END = b"\n}\n"
"""How ``encode_json`` ends a record."""

Kind = Literal["changed", "missing", "unexpected", "unreadable"]


@dataclass(frozen=True)
class Damage:
    """A file that is not as the run left it.

    Attributes:
        file: its path within the run folder.
        kind: what is wrong with it.
    """

    file: str
    kind: Kind

    def __str__(self) -> str:
        return f"{self.file}: {self.kind}"


@dataclass(frozen=True)
class Fingerprint:
    """Size in bytes and SHA-256, in hexadecimal, of a file's content."""

    size: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> Fingerprint:
        """The fingerprint of a content."""
        return cls(len(data), hashlib.sha256(data).hexdigest())


@dataclass(frozen=True)
class Commit:
    """What ``DONE.json`` says.

    Attributes:
        finished: when the run was committed, ISO 8601 in UTC, so that text order is time order.
        files: fingerprint of every file, by path within the run folder.
    """

    finished: str
    files: Mapping[str, Fingerprint]

    def to_bytes(self) -> bytes:
        """The content of ``DONE.json``."""
        files = {name: asdict(fingerprint) for name, fingerprint in self.files.items()}
        return seal({"schema": SCHEMA, "finished": self.finished, "files": files})

    @classmethod
    def from_bytes(cls, data: bytes, path: Path) -> Commit:
        """Read the content of ``DONE.json``, which was read from ``path``.

        Raises:
            StorageError: a byte of it has changed.
        """
        record = unseal(data, path)
        try:
            files = {
                str(name): Fingerprint(int(entry["size"]), str(entry["sha256"]))
                for name, entry in record["files"].items()
            }
            return cls(str(record["finished"]), files)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StorageError(f"{path} is damaged: an entry is missing") from error

    def fits(self, name: str, data: bytes) -> bool:
        """Whether a file's content is what was committed; the log may have grown since."""
        committed = self.files.get(name)
        if committed is None:
            return False
        return committed == Fingerprint.of(data[: committed.size] if name == LOG else data)

    def content(self, folder: Directory, name: str) -> bytes | None:
        """What was committed of a file, in its place or yet to be put there; None where neither."""
        fingerprint = self.files.get(name)
        if fingerprint is None:
            return None
        # Its own place twice: it may be put there by another process between the looks.
        for place in (name, waiting_place(name, fingerprint), name):
            with suppress(StorageError):
                data = folder.read(place)
                if self.fits(name, data):
                    return data
        return None

    def compare(self, folder: Directory, present: Sequence[Entry]) -> list[Damage]:
        """Compare what is present in a folder with what was committed."""
        names = {entry.name for entry in present}
        damage = [
            Damage(name, "missing")
            for name in self.files
            if name not in names and self.content(folder, name) is None
        ]
        for entry in present:
            kind = self._kind(folder, entry)
            if kind is not None:
                damage.append(Damage(entry.name, kind))
        return sorted(damage, key=lambda entry: entry.file)

    def _kind(self, folder: Directory, entry: Entry) -> Kind | None:
        if entry.kind == "folder":
            is_known = any(name.startswith(f"{entry.name}/") for name in self.files)
            return None if is_known else "unexpected"
        if entry.name not in self.files:
            return "unexpected"
        if entry.kind == "other":
            return "changed"
        if self.content(folder, entry.name) is not None:
            return None
        try:
            folder.read(entry.name)
        except StorageError:
            return "unreadable"
        return "changed"


def waiting_place(name: str, fingerprint: Fingerprint) -> str:
    """Where a content waits until the commit that admits it is written: a temporary file's name.

    It stands in the run folder itself, as the subfolder that it belongs in may be unknown so far.

    Args:
        name: its path within the run folder, where it will be put.
        fingerprint: of the content.
    """
    key = f"{name}\0{fingerprint.size}\0{fingerprint.sha256}".encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(key).hexdigest()
    return f".{digest[12:]}.{digest[:12]}.tmp"


def seal(record: dict[str, Any]) -> bytes:
    """The record as JSON with its own digest last, so that every byte of the file is checked."""
    content = {key: value for key, value in record.items() if key != "digest"}
    return encode_json(content | {"digest": hashlib.sha256(encode_json(content)).hexdigest()})


def unseal(data: bytes, path: Path) -> dict[str, Any]:
    """Read a sealed record, which was read from ``path``. Every layout is sealed this way.

    Raises:
        StorageError: a byte of it has changed.
    """
    # By its text: a suite reads thousands of records, and to encode each anew takes a while.
    content, mark, digest = data.rpartition(_DIGEST)
    expected = hashlib.sha256(content + _END).hexdigest().encode() + b'"' + _END
    if not mark or digest != expected:
        raise StorageError(f"{path} is damaged: its digest does not match")
    record: dict[str, Any] = decode_json(data, path)
    return record
