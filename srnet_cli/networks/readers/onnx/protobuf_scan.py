"""A look at an ONNX file before it is parsed: how many messages would parsing make?

A message of two bytes becomes an object of a hundred, so that a small file could fill the memory.
Fields are skipped over, nothing is kept. The layout is that of Protocol Buffers' wire format;
numbers of fields are those of ``onnx.proto``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from srnet_cli.errors import ModelError

MAX_MESSAGES = 100_000
MAX_TENSORS = 10_000

_DEPTH = 40
_TENSOR: dict[int, Any] = {8: {}, 13: {}}
_TYPE: dict[int, Any] = {}
_GRAPH: dict[int, Any] = {}
_ATTRIBUTE: dict[int, Any] = {5: _TENSOR, 6: _GRAPH, 9: {}, 10: _TENSOR, 11: _GRAPH, 22: {}, 23: {}}
_NODE: dict[int, Any] = {1: {}, 2: {}, 5: _ATTRIBUTE, 9: {}, 10: {}}
_SHAPE: dict[int, Any] = {1: {}}
_TYPE |= {1: {2: _SHAPE}, 4: _TYPE, 5: {2: _TYPE}, 8: {2: _SHAPE}, 9: _TYPE}
_VALUE: dict[int, Any] = {2: _TYPE, 4: {}}
_GRAPH |= {1: _NODE, 5: _TENSOR, 11: _VALUE, 12: _VALUE, 13: _VALUE}
_GRAPH |= {14: {2: {}}, 15: {1: _TENSOR, 2: _TENSOR}, 16: {}}
_FUNCTION: dict[int, Any] = {4: {}, 5: {}, 6: {}, 7: _NODE, 9: {}, 11: _ATTRIBUTE, 12: _VALUE}
_MODEL: dict[int, Any] = {7: _GRAPH, 8: {}, 14: {}, 20: {1: _GRAPH, 2: _GRAPH}, 25: _FUNCTION}


def check_model(data: bytes) -> None:
    """Check that a file is a whole ONNX model of sensible size.

    Raises:
        ModelError: it is not.
    """
    _Scan(data).message(0, len(data), _MODEL, 0)


class _Scan:
    def __init__(self, data: bytes) -> None:
        self._data, self._messages, self._tensors = data, 0, 0

    def message(self, start: int, end: int, fields: Mapping[int, Any], depth: int) -> None:
        """Count the messages of one message, and those in it."""
        if depth > _DEPTH:
            raise ModelError("not a network in ONNX: its messages are nested too deeply")
        place = start
        while place < end:
            place, number, size = self._field(place, end)
            inner = fields.get(number)
            if inner is not None:
                self._count(inner is _TENSOR)
                if inner:
                    self.message(place - size, place, inner, depth + 1)

    def _count(self, is_tensor: bool) -> None:
        self._messages += 1
        self._tensors += is_tensor
        if self._messages > MAX_MESSAGES or self._tensors > MAX_TENSORS:
            raise ModelError(
                f"the graph is too large: more than {MAX_TENSORS} tensors or "
                f"{MAX_MESSAGES} parts of nodes"
            )

    def _field(self, place: int, end: int) -> tuple[int, int, int]:
        """Where a field ends, its number, and how long its content is, if it has a length."""
        tag, place = self._varint(place, end)
        kind, size = tag & 7, 0
        if kind == 0:
            place = self._varint(place, end)[1]
        elif kind == 2:
            size, place = self._varint(place, end)
            place += size
        elif kind in (1, 5):
            place += 8 if kind == 1 else 4
        else:
            raise _damaged()
        if place > end:
            raise _damaged()
        return place, tag >> 3 if kind == 2 else 0, size

    def _varint(self, place: int, end: int) -> tuple[int, int]:
        value = 0
        for shift in range(0, 70, 7):
            if place >= end:
                raise _damaged()
            byte = self._data[place]
            place += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value, place
        raise _damaged()


def _damaged() -> ModelError:
    return ModelError("not a whole ONNX file", hint="export or copy it again")
