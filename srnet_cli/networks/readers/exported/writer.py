"""An ONNX graph in the making."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.exported.program import Described, Program, Reference

OPSET = 20
_IR_VERSION = 9


class Writer:
    """Writes the nodes and constants of a graph.

    Args:
        program: the program to be written.
        is_double: whether its numbers are in double precision; else all are in single precision.
        onnx: the package.
    """

    def __init__(self, program: Program, is_double: bool, onnx: Any) -> None:
        self._program, self._onnx = program, onnx
        self.dtype = np.dtype(np.float64 if is_double else np.float32)
        self._nodes: list[Any] = []
        self._constants = dict(program.tensors)
        self._names = {*program.tensors, *program.inputs}

    def add(self, op: str, inputs: Sequence[Any], output: str, **attributes: Any) -> str:
        """Add a node that gives one tensor, and say its name.

        Args:
            op: ONNX's operator.
            inputs: names, references, numbers or arrays; None for one that is left out.
            output: the name of what it gives.
            attributes: of the operator.

        Raises:
            ModelError: the name is taken.
        """
        names = [self.name(value) for value in inputs]
        while names and not names[-1]:
            names.pop()
        self._claim(output)
        self._nodes.append(self._onnx.helper.make_node(op, names, [output], **attributes))
        return output

    def name(self, value: Any) -> str:
        """The name of a tensor; a number or an array becomes a constant."""
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, Reference):
            return value.name
        if isinstance(value, int | float):
            value = np.array(value, dtype=self.dtype)
        if not isinstance(value, np.ndarray):
            raise ModelError(f"the program computes with {quoted(value)}, which is no number")
        name = f"constant/{len(self._constants)}"
        self._claim(name)
        self._constants[name] = value
        return name

    def described(self, value: Any) -> Described:
        """What the program says of a tensor.

        Raises:
            ModelError: it says nothing.
        """
        name = value.name if isinstance(value, Reference) else str(value)
        if name not in self._program.described:
            raise ModelError(f"the program does not say the shape of {quoted(name)}")
        return self._program.described[name]

    def model(self) -> bytes:
        """The whole model."""
        helper, numpy_helper = self._onnx.helper, self._onnx.numpy_helper
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        inputs = [
            helper.make_tensor_value_info(name, kind, list(self.described(name).shape))
            for name in self._program.inputs
        ]
        outputs = [
            helper.make_tensor_value_info(name, kind, None) for name in self._program.outputs
        ]
        constants = [
            numpy_helper.from_array(self._as_computed(value), name)
            for name, value in self._constants.items()
        ]
        graph = helper.make_graph(self._nodes, "program", inputs, outputs, constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = _IR_VERSION
        return bytes(model.SerializeToString(deterministic=True))

    def _as_computed(self, value: NDArray[Any]) -> NDArray[Any]:
        return value.astype(self.dtype) if value.dtype.kind == "f" else value

    def _claim(self, name: str) -> None:
        if name in self._names:
            raise ModelError(f"the program gives {quoted(name)} twice")
        self._names.add(name)
