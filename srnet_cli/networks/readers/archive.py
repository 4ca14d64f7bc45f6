"""Zip archives of networks, read without trusting what they say of themselves."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks import zips
from srnet_cli.networks.readers.loaded import MAX_BYTES

MAX_MEMBERS = 10_000


class Archive:
    """An open archive whose members together fit into memory.

    Args:
        archive: the open zip file.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        members = archive.infolist()
        self.names = [member.filename for member in members]
        if len(set(self.names)) < len(self.names):
            raise ModelError("the archive lists a member twice")
        if sum(member.file_size for member in members) > MAX_BYTES:
            raise ModelError(f"the archive unpacks to more than {MAX_BYTES >> 20} MiB")

    def read(self, name: str, most: int = MAX_BYTES) -> bytes:
        """The content of a member.

        Raises:
            ModelError: there is none of the name, or it is too large or damaged.
        """
        if name not in self.names:
            raise ModelError(f"the archive holds no {quoted(name)}")
        member = self._archive.getinfo(name)
        if member.compress_type not in zips.METHODS or member.file_size > most:
            raise ModelError(f"the member {quoted(name)} is too large, or compressed unusually")
        try:
            with self._archive.open(member) as file:
                return file.read(member.file_size)
        except zips.ERRORS as error:
            raise ModelError(f"the member {quoted(name)} is damaged") from error

    def pytorch_folder(self, holds: str) -> str | None:
        """The folder, with a slash behind it, that PyTorch has written everything into.

        Args:
            holds: a member of it that there is in every such archive.

        Returns:
            None where there is no such folder, or there are several.

        Raises:
            ModelError: its numbers are of a big-endian machine.
        """
        folders = [name.removesuffix(holds) for name in self.names if name.endswith(f"/{holds}")]
        if len(folders) != 1:
            return None
        order = f"{folders[0]}byteorder"
        if order in self.names and self.read(order, 64).strip() != b"little":
            raise ModelError("the file was written on a big-endian machine; save it anew")
        return folders[0]


@contextmanager
def opened(data: bytes, what: str) -> Iterator[Archive]:
    """Open the bytes of an archive.

    Args:
        data: the file.
        what: it should be, for messages.

    Raises:
        ModelError: it is no archive, or one too large.
    """
    if zips.lists_more_than(data, MAX_MEMBERS):
        raise ModelError(f"the archive lists more than {MAX_MEMBERS} members")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zips.ERRORS as error:
        raise ModelError(f"not a whole {what} file", hint="write or copy it again") from error
    with archive:
        yield Archive(archive)
