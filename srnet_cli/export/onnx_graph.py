"""Formulas as an ONNX graph: rows in, outputs out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from importlib import import_module
from typing import Any

import numpy as np
import sympy
from sympy import Add, Expr, Mul, Pow, Symbol

from srnet_cli.errors import ModelError
from srnet_cli.export.code import header
from srnet_cli.export.stable import expm1, sigmoid, softplus, stable
from srnet_cli.export.subject import Subject
from srnet_cli.expressions.evaluation import leaf_value

OPSET = 17
_IR_VERSION = 8

_OPERATORS: dict[type[Expr], str] = {
    **{sympy.sin: "Sin", sympy.cos: "Cos", sympy.tan: "Tan", sympy.tanh: "Tanh"},
    **{sympy.exp: "Exp", sympy.log: "Log", sympy.erf: "Erf", sympy.Abs: "Abs"},
    **{sympy.asin: "Asin", sympy.acos: "Acos", sympy.atan: "Atan"},
    **{sympy.sinh: "Sinh", sympy.cosh: "Cosh"},
}
_SINGLE = frozenset({"Erf", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh"})
"""Operators that runtimes have in single precision only."""


def pack(subject: Subject) -> bytes:
    """The model: input ``X`` (rows, d), output ``Y`` (rows, m); of a classifier ``label`` too.

    Raises:
        ModelError: onnx is not installed.
    """
    try:
        onnx = import_module("onnx")
    except ImportError:
        raise ModelError("ONNX files need onnx; pip install 'srnet[onnx]'") from None
    graph = _Graph(onnx, subject.is_single)
    graph.read(subject)
    model = onnx.helper.make_model(
        graph.finished(subject),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="srnet",
        doc_string="\n".join(header(subject)),
    )
    names = {"inputs": subject.columns, "outputs": subject.labels, "classes": subject.classes}
    texts = {kind: "\n".join(listed) for kind, listed in names.items() if listed}
    onnx.helper.set_model_props(model, texts)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


class _Graph:
    """Nodes so far; each formula is computed once, however often it stands somewhere."""

    def __init__(self, onnx: Any, is_single: bool) -> None:
        self._onnx, self._helper = onnx, onnx.helper
        self._is_single = is_single
        self._kind: type[np.floating[Any]] = np.float32 if is_single else np.float64
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._known: dict[Expr, str] = {}
        self._stable: dict[Expr, Expr] = {}

    def read(self, subject: Subject) -> None:
        """Add columns of ``X`` (rows, 1), steps and outputs."""
        used = subject.used()
        for place, symbol in enumerate(subject.symbols):
            if symbol in used:
                index = self._constant(np.array([place], dtype=np.int64))
                self._known[symbol] = self._node("Gather", "X", index, axis=1)
        for symbol, expr in subject.steps:
            self._known[symbol] = self.formula(expr)
        # Formulas without an input have a value on every row all the same.
        zero = self._constant(np.zeros((1, 1), dtype=self._kind))
        first = self._node("Gather", "X", self._constant(np.array([0], dtype=np.int64)), axis=1)
        rows = self._node("Expand", zero, self._node("Shape", first))
        columns = [
            self._node("Add", rows, self.formula(output.expression))
            if not output.expression.free_symbols
            else self.formula(output.expression)
            for output in subject.outputs
        ]
        self._nodes.append(self._helper.make_node("Concat", columns, ["Y"], axis=1))
        if subject.classes:
            self._labels(subject.classes)

    def finished(self, subject: Subject) -> Any:
        """The graph."""
        helper, types = self._helper, self._onnx.TensorProto
        kind = types.FLOAT if self._is_single else types.DOUBLE
        shapes = (("X", len(subject.inputs)), ("Y", len(subject.outputs)))
        inputs, outputs = (
            [helper.make_tensor_value_info(name, kind, ["rows", width])] for name, width in shapes
        )
        if subject.classes:
            outputs.append(helper.make_tensor_value_info("label", types.STRING, ["rows"]))
        nodes = _needed(self._nodes, {value.name for value in outputs})
        read = {name for node in nodes for name in node.input}
        constants = [value for value in self._constants.values() if value.name in read]
        return helper.make_graph(nodes, "formulas", inputs, outputs, constants)

    def formula(self, expr: Expr) -> str:
        """The name of the tensor that holds a formula's values."""
        return self._value(stable(expr, self._stable))

    def _value(self, expr: Expr) -> str:
        if expr not in self._known:
            self._known[expr] = self._computed(expr)
        return self._known[expr]

    def _computed(self, expr: Expr) -> str:
        if not expr.args:
            if isinstance(expr, Symbol):
                raise TypeError(f"nothing gives {expr}")
            return self._number(leaf_value(expr))
        if isinstance(expr, Mul):
            return self._product(expr.args)
        if isinstance(expr, Pow):
            return self._power(expr.base, expr.exp)
        operands = [self._value(arg) for arg in expr.args]
        if isinstance(expr, Add):
            return self._chain("Add", operands)
        if isinstance(expr, sympy.Min | sympy.Max):
            return self._chain(expr.func.__name__, operands)
        return self._call(expr.func, operands[0])

    def _call(self, function: type[Expr], operand: str) -> str:
        unity = self._number(1.0)
        if function is sigmoid:
            grown = self._node("Exp", self._node("Neg", operand))
            return self._node("Div", unity, self._node("Add", unity, grown))
        if function is softplus:
            small = self._node("Exp", self._node("Neg", self._node("Abs", operand)))
            log = self._node("Log", self._node("Add", unity, small))
            return self._node("Add", self._node("Max", operand, self._number(0.0)), log)
        if function is expm1:
            return self._node("Sub", self._node("Exp", operand), unity)
        if function is sympy.erfc:
            return self._node("Sub", unity, self._operator("Erf", operand))
        if function is sympy.tan:
            return self._node("Div", self._node("Sin", operand), self._node("Cos", operand))
        return self._operator(_OPERATORS[function], operand)

    def _operator(self, operator: str, operand: str) -> str:
        if self._is_single or operator not in _SINGLE:
            return self._node(operator, operand)
        types = self._onnx.TensorProto
        single = self._node("Cast", operand, to=types.FLOAT)
        return self._node("Cast", self._node(operator, single), to=types.DOUBLE)

    def _product(self, factors: Sequence[Expr]) -> str:
        """A product over a product, as formulas are evaluated."""
        below = [factor for factor in factors if _is_below(factor)]
        above = [self._value(factor) for factor in factors if factor not in below]
        dividend = self._chain("Mul", above) if above else self._number(1.0)
        if not below:
            return dividend
        divisors = [self._power(factor.base, -factor.exp) for factor in below]
        return self._node("Div", dividend, self._chain("Mul", divisors))

    def _power(self, base: Expr, exponent: Expr) -> str:
        if exponent == 1:
            return self._value(base)
        if exponent == sympy.S.Half:
            return self._node("Sqrt", self._value(base))
        if exponent.is_negative:
            return self._node("Div", self._number(1.0), self._power(base, -exponent))
        return self._node("Pow", self._value(base), self._number(float(exponent)))

    def _labels(self, classes: Sequence[str]) -> None:
        """The class of the greatest score, the first of equals; nothing where one is no number."""
        best = self._node("ArgMax", "Y", axis=1, keepdims=0)
        is_finite = self._node("Sub", "Y", "Y")  # 0, or NaN
        wrong = self._node("Cast", self._node("IsNaN", is_finite), to=self._onnx.TensorProto.INT64)
        axes = self._constant(np.array([1], dtype=np.int64))
        count = self._node("ReduceSum", wrong, axes, keepdims=0)
        none = self._constant(np.array(len(classes), dtype=np.int64))
        limit = self._constant(np.array(0, dtype=np.int64))
        place = self._node("Where", self._node("Equal", count, limit), best, none)
        names = self._constant(np.array([*classes, ""], dtype=object))
        self._nodes.append(self._helper.make_node("Gather", [names, place], ["label"], axis=0))

    def _chain(self, operator: str, operands: Sequence[str]) -> str:
        return reduce(lambda a, b: self._node(operator, a, b), operands)

    def _number(self, value: float) -> str:
        with np.errstate(over="ignore"):  # what single precision does not hold is infinite
            return self._constant(np.array([[value]]).astype(self._kind))

    def _constant(self, value: Any) -> str:
        key = f"{value.dtype}{value.shape}{value.tolist()!r}"
        if key not in self._constants:
            name = f"c{len(self._constants)}"
            if value.dtype == object:
                texts = [text.encode() for text in value.tolist()]
                kind = self._onnx.TensorProto.STRING
                tensor = self._helper.make_tensor(name, kind, value.shape, texts)
            else:
                tensor = self._onnx.numpy_helper.from_array(value, name)
            self._constants[key] = tensor
        return str(self._constants[key].name)

    def _node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"t{len(self._nodes)}"
        self._nodes.append(self._helper.make_node(operator, list(inputs), [name], **attributes))
        return name


def _needed(nodes: Sequence[Any], wanted: set[str]) -> list[Any]:
    """The nodes that something wanted depends on, in their order; runtimes warn of others."""
    kept = []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted = wanted | set(node.input)
            kept.append(node)
    return kept[::-1]


def _is_below(factor: Expr) -> bool:
    return bool(isinstance(factor, Pow) and factor.exp.is_Rational and factor.exp.is_negative)
