"""Reading a program of ``torch.export``: written as ONNX, and read as such."""

from __future__ import annotations

from dataclasses import replace

from srnet_cli.datasets.suggest import listed, quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.archive import opened
from srnet_cli.networks.readers.exported.operators import OPERATORS
from srnet_cli.networks.readers.exported.program import (
    DOUBLE_CODE,
    FLOAT_CODES,
    Program,
    read_program,
)
from srnet_cli.networks.readers.exported.writer import Writer
from srnet_cli.networks.readers.loaded import LoadedNetwork, NetworkFile, Wishes, require
from srnet_cli.networks.readers.onnx.reading import read as read_onnx

_PRECISIONS = {6: "float16", 13: "bfloat16"}


def read(file: NetworkFile, wishes: Wishes) -> LoadedNetwork:
    """Read a program, as dense layers where it is such, else as a graph that runs.

    Raises:
        ModelError: it is damaged, or has something that is not read.
    """
    with opened(file.data, "torch.export") as archive:
        program = read_program(archive)
    model = _as_onnx(program)
    loaded = read_onnx(NetworkFile(file.path, model), wishes)
    return replace(loaded, kind="torch.export", notes=(*loaded.notes, *_notes(program)))


def _as_onnx(program: Program) -> bytes:
    onnx = require("onnx", "onnx", "a torch.export program")
    strange = [call.operator for call in program.calls if call.operator not in OPERATORS]
    if strange:
        raise ModelError(
            f"the program has {listed(list(dict.fromkeys(strange)), 6)}, which is not read here",
            hint="export the model as ONNX: torch.onnx.export(model, example, 'network.onnx')",
        )
    codes = {name: _code(program, name) for name in program.inputs}
    for name, code in codes.items():
        if code not in FLOAT_CODES:
            raise ModelError(f"the input {quoted(name)} takes whole numbers")
    writer = Writer(program, DOUBLE_CODE in codes.values(), onnx)
    for call in program.calls:
        try:
            OPERATORS[call.operator](writer, call)
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise ModelError(
                f"{call.operator} has arguments that it cannot have",
                hint="save or copy the file again",
            ) from error
    try:
        return writer.model()
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelError("the program's description is damaged") from error


def _code(program: Program, name: str) -> int:
    if name not in program.described:
        raise ModelError(f"the program does not say the shape of {quoted(name)}")
    return program.described[name].code


def _notes(program: Program) -> tuple[str, ...]:
    codes = {described.code for described in program.described.values()}
    halves = [name for code, name in _PRECISIONS.items() if code in codes]
    return (f"numbers of {listed(halves)} are computed with in float32",) if halves else ()
