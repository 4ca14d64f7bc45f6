"""Files in srnet's own layout, ``weight1, bias1 …``, in two containers; see ``layout``.

What other programs write is read by ``readers``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from srnet_cli.errors import ModelError
from srnet_cli.networks import npz, safetensors_file
from srnet_cli.networks.activations import Activation, OutputActivation
from srnet_cli.networks.layout import MAX_BYTES, Contents, network_of
from srnet_cli.networks.network import Network
from srnet_cli.networks.trained import TrainedNetwork
from srnet_cli.store import write_atomic

FORMATS: dict[str, Callable[[bytes], Contents]] = {
    ".npz": npz.read,
    ".safetensors": safetensors_file.read,
}
"""The reader of every format, by suffix: a new format is a new row here."""


def load_network(
    path: Path,
    activation: Activation | tuple[Activation, ...] = "sigmoid",
    output_activation: OutputActivation | None = None,
) -> Network:
    """Load a network from a file; nothing in the file is ever executed.

    Args:
        path: a file with one of the suffixes of ``FORMATS``.
        activation: of the hidden layers, or of every layer, where the file does not say.
        output_activation: what the task asks for, softmax for classification; None takes the
            file's word, and linear where it does not say.

    Raises:
        ModelError: the file is missing, damaged, of another format, or no network.
    """
    return network_from_bytes(read_file(path), str(path), activation, output_activation)


def save_network(network: TrainedNetwork, path: Path) -> None:
    """Write a network as safetensors, whole or not at all; its folder must exist.

    Raises:
        StorageError: the file cannot be written.
    """
    write_atomic(path, network_to_bytes(network))


def network_to_bytes(network: TrainedNetwork) -> bytes:
    """Give a network as the bytes of a safetensors file; equal networks give equal bytes."""
    return safetensors_file.write(network)


def stored_network(data: bytes, name: str) -> TrainedNetwork:
    """Read back what ``network_to_bytes`` gave; errors begin with ``name``.

    Raises:
        ModelError: the bytes are damaged.
    """
    try:
        opaque = safetensors_file.read_opaque(data)
    except ModelError as error:
        raise ModelError(f"{name}: {error}", hint=error.hint) from error
    return network_from_bytes(data, name) if opaque is None else opaque


def network_from_bytes(
    data: bytes,
    name: str = "network.safetensors",
    activation: Activation | tuple[Activation, ...] = "sigmoid",
    output_activation: OutputActivation | None = None,
) -> Network:
    """Read a network from the bytes of a file; ``name`` says its format, and errors begin with it.

    Raises:
        ModelError: the bytes are damaged, of another format, or no network.
    """
    read = _reader(name)
    try:
        return network_of(read(data), activation, output_activation)
    except ModelError as error:
        raise ModelError(f"{name}: {error}", hint=error.hint) from error


def read_contents(data: bytes, suffix: str) -> Contents:
    """The arrays in a file of a format of ``FORMATS``.

    Raises:
        ModelError: the file is damaged, or holds anything but numbers.
    """
    return FORMATS[suffix](data)


def read_file(path: Path) -> bytes:
    """Read a network file as it is.

    Raises:
        ModelError: it is missing, no regular file, unreadable, too large, or of unknown suffix.
    """
    _reader(str(path))
    try:
        if not path.exists():
            raise ModelError(f"{path}: no such network file", hint="check the path")
        if not path.is_file():
            raise ModelError(f"{path}: not a file", hint="check the path")
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"{path}: larger than {MAX_BYTES >> 20} MiB, too large for a network")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise ModelError(f"{path}: cannot be read: {error}") from error


def _reader(name: str) -> Callable[[bytes], Contents]:
    suffix = Path(name).suffix.lower()
    if suffix not in FORMATS:
        raise ModelError(
            f"{name}: unknown network format '{suffix}'; known: {', '.join(FORMATS)}",
            hint="export the layers as weight1, bias1, weight2 … with numpy.savez",
        )
    return FORMATS[suffix]
