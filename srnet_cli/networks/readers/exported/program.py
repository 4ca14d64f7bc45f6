"""What a ``.pt2`` archive says: a graph of PyTorch's operators, and its tensors.

Since PyTorch 2.8, ``models/model.json`` has the graph and what goes into it; ``data/weights`` and
``data/constants`` have a table of tensors each, and raw numbers beside it. Before, the graph was in
``serialized_exported_program.json``, and the tensors were state dicts in two archives of their own.
Types of numbers have the codes of ``torch._export.serde.schema.ScalarType``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.archive import Archive
from srnet_cli.networks.readers.loaded import MAX_BYTES
from srnet_cli.networks.readers.plain_json import parse_json
from srnet_cli.networks.readers.strided import from_bfloat16, strided_copy
from srnet_cli.networks.readers.torch_file import read_saved

_MAX_JSON = 1 << 23
_MAJORS = (5, 6, 7, 8)  # of the schema; minor versions add to it
_OLD = "serialized_exported_program.json"
_BFLOAT16 = 13
_DTYPES = {1: "<u1", 2: "<i1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "<f2", 7: "<f4", 8: "<f8", 12: "?"}

FLOAT_CODES = (6, 7, 8, _BFLOAT16)
DOUBLE_CODE = 8

Size = int | str
"""A length: a number, or the expression of one that is free."""


@dataclass(frozen=True)
class Reference:
    """A tensor that an operator takes, or gives."""

    name: str


@dataclass(frozen=True)
class Free:
    """A number that is known only when the program runs, such as how many rows there are."""


@dataclass(frozen=True)
class Call:
    """An operator with what it takes.

    Attributes:
        operator: such as ``aten.linear.default``.
        arguments: plain values, ``Reference``, ``Free`` or lists of them, by their names.
        outputs: names of the tensors that it gives; empty where it gives none.
    """

    operator: str
    arguments: Mapping[str, Any]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Described:
    """What a program says of a tensor: the code of its numbers' type, and its shape."""

    code: int
    shape: tuple[Size, ...]


@dataclass(frozen=True)
class Program:
    """A program.

    Attributes:
        calls: in order.
        tensors: those with a value, by their names in the graph.
        inputs: names of the tensors that go in.
        outputs: names of the tensors that come out.
        described: every tensor, by name.
    """

    calls: tuple[Call, ...]
    tensors: Mapping[str, NDArray[Any]]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    described: Mapping[str, Described]


def read_program(archive: Archive) -> Program:
    """Read a program and its tensors.

    Raises:
        ModelError: the archive is damaged, too large, or of another version.
    """
    try:
        return _program(archive)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise ModelError(
            "the program's description is damaged", hint="save or copy the file again"
        ) from error


def _program(archive: Archive) -> Program:
    """The whole program; what is malformed raises whatever it does."""
    place, tensors = _parts(archive)
    content = parse_json(archive.read(place, _MAX_JSON))
    version = content["schema_version"]["major"]
    if version not in _MAJORS:
        raise ModelError(
            f"the program's format has the version {quoted(version)}, which is not known here",
            hint="export the model as ONNX",
        )
    module = content["graph_module"]
    graph, signature = module["graph"], module["signature"]
    kept, inputs = _kept(signature["input_specs"])
    return Program(
        calls=tuple(_call(node) for node in graph["nodes"]),
        tensors={name: tensors.tensor(key) for name, key in kept.items()},
        inputs=tuple(inputs),
        outputs=tuple(_outputs(signature["output_specs"])),
        described={str(name): _described(d) for name, d in graph["tensor_values"].items()},
    )


def _parts(archive: Archive) -> tuple[str, _Tables | _States]:
    """(the member with the graph, the tensors)."""
    if _OLD in archive.names:
        return _OLD, _States(archive)
    folder = archive.pytorch_folder("models/model.json")
    if folder is None:
        raise ModelError(
            "the archive is none of torch.export.save: it holds no models/model.json",
            hint="save the program with torch.export.save(program, path), or export it as ONNX",
        )
    return f"{folder}models/model.json", _Tables(archive, folder)


def _kept(specs: Sequence[Any]) -> tuple[dict[str, str], list[str]]:
    """(names in the graph → names among the tensors, names of what goes in)."""
    kept: dict[str, str] = {}
    inputs: list[str] = []
    for spec in specs:
        ((kind, facts),) = spec.items()
        if kind == "user_input":
            argument = facts["arg"]
            if "as_tensor" not in argument:
                raise ModelError(
                    "the program takes something beside tensors",
                    hint="export it with tensors as its only arguments",
                )
            inputs.append(str(argument["as_tensor"]["name"]))
        elif kind in ("parameter", "buffer", "tensor_constant"):
            kept[str(facts["arg"]["name"])] = str(facts[f"{kind}_name"])
        else:
            raise ModelError(
                f"the program takes {quoted(kind)}, which is not read here",
                hint="export the model as ONNX",
            )
    return kept, inputs


class _Tables:
    """Tensors as tables describe them, with raw numbers beside."""

    def __init__(self, archive: Archive, folder: str) -> None:
        self._archive, self._folder = archive, folder
        self._bytes_left = MAX_BYTES
        self._numbers: dict[str, bytes] = {}
        self._places = {
            key: (table, entry)
            for table in ("constants", "weights")
            for key, entry in self._entries(table).items()
        }

    def _entries(self, table: str) -> Mapping[str, Any]:
        name = f"{self._folder}data/{table}/model_{table}_config.json"
        entries: Mapping[str, Any] = parse_json(self._archive.read(name, _MAX_JSON))["config"]
        return entries

    def tensor(self, key: str) -> NDArray[Any]:
        """The tensor of a name."""
        table, entry = self._places[key]
        if entry["use_pickle"]:
            raise ModelError(
                f"the tensor {quoted(key)} is a Python object, which is never loaded",
                hint="export the model with plain tensors, or as ONNX",
            )
        facts = entry["tensor_meta"]
        shape, strides = ([_number(s) for s in facts[key]] for key in ("sizes", "strides"))
        path = f"{self._folder}data/{table}/{entry['path_name']}"
        if path not in self._numbers:
            self._numbers[path] = self._archive.read(path)
        numbers = _numbers(self._numbers[path], facts["dtype"], key)
        tensor = strided_copy(
            numbers, _number(facts["storage_offset"]), shape, strides, most=self._bytes_left
        )
        self._bytes_left -= tensor.nbytes
        return tensor


class _States:
    """Tensors in state dicts, each in an archive of ``torch.save``."""

    def __init__(self, archive: Archive) -> None:
        self._tensors: dict[str, Any] = {}
        for name in ("serialized_state_dict.pt", "serialized_constants.pt"):
            self._tensors |= read_saved(archive.read(name))

    def tensor(self, key: str) -> NDArray[Any]:
        """The tensor of a name."""
        tensor = self._tensors[key]
        if not isinstance(tensor, np.ndarray):
            raise TypeError(key)
        return tensor


def _numbers(data: bytes, code: Any, key: str) -> NDArray[Any]:
    if code == _BFLOAT16:
        return from_bfloat16(data)
    if code not in _DTYPES:
        raise ModelError(f"the tensor {quoted(key)} has numbers of a kind that is not read")
    dtype = np.dtype(_DTYPES[code])
    return np.frombuffer(data[: len(data) // dtype.itemsize * dtype.itemsize], dtype=dtype)


def _outputs(specs: Sequence[Any]) -> list[str]:
    names = []
    for spec in specs:
        ((kind, facts),) = spec.items()
        if kind != "user_output":
            raise ModelError(
                f"the program gives {quoted(kind)}, which is not read here",
                hint="export it in evaluation mode: model.eval()",
            )
        if "as_tensor" in facts["arg"]:
            names.append(str(facts["arg"]["as_tensor"]["name"]))
    return names


def _call(node: Mapping[str, Any]) -> Call:
    arguments = {str(each["name"]): _value(each["arg"]) for each in node["inputs"]}
    outputs: list[str] = []
    for output in node["outputs"]:
        value = _value(output)
        references = value if isinstance(value, list) else [value]
        outputs += [each.name for each in references if isinstance(each, Reference)]
    return Call(str(node["target"]).removeprefix("torch.ops."), arguments, tuple(outputs))


def _value(argument: Mapping[str, Any]) -> Any:
    """An argument as a plain value; kinds that no operator here takes are as they are."""
    ((kind, value),) = argument.items()
    if kind == "as_none":
        return None
    if kind == "as_tensor":
        return Reference(str(value["name"]))
    if kind == "as_tensors":
        return [Reference(str(each["name"])) for each in value]
    if kind in ("as_sym_int", "as_sym_float"):
        return _symbol(value)
    if kind == "as_sym_ints":
        return [_symbol(each) for each in value]
    if kind in ("as_optional_tensor", "as_optional_tensors"):
        return _value(value) if kind == "as_optional_tensor" else [_value(each) for each in value]
    if kind == "as_float":  # infinities and NaN are texts
        return float(value)
    return value


def _symbol(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    return content if kind in ("as_int", "as_float") else Free()


def _described(facts: Mapping[str, Any]) -> Described:
    shape: list[Size] = []
    for size in facts["sizes"]:
        ((kind, value),) = size.items()
        shape.append(int(value) if kind == "as_int" else str(value["expr_str"]))
    return Described(int(facts["dtype"]), tuple(shape))


def _number(size: Mapping[str, Any]) -> int:
    value = size["as_int"]
    if not isinstance(value, int):
        raise TypeError(value)
    return value
