"""The symbolic network: one layer of expressions and a linear readout for every layer explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from srnet_cli.arrays import blocks
from srnet_cli.cgp import evaluate
from srnet_cli.cgp.kernels.weighted_sums import weighted_sums
from srnet_cli.cgp.program import Program
from srnet_cli.cgp.validation import InvalidGenotype, require_valid_program
from srnet_cli.errors import ModelError
from srnet_cli.networks.activations import OutputActivation
from srnet_cli.networks.network import Scaler
from srnet_cli.primitives import BY_NAME, PRIMITIVES

Array = NDArray[np.float64]
Expression = Program

_VALUES = 1 << 25
"""Computed at a time where the outputs alone are wanted: a quarter of a gigabyte of them."""


class LayerValues(NamedTuple):
    """What one layer reads and gives on n rows.

    Attributes:
        inputs: units of the layer before, or what the first layer reads, (n, d).
        expressions: values of its K expressions, (n, K).
        units: its units, (n, m).
    """

    inputs: Array
    expressions: Array
    units: Array


@dataclass(frozen=True)
class SymbolicLayer:
    """One layer, ``h = F(x) W + b``, where column k of F is the value of expression k.

    The published form has one expression a layer, ``h = w f(x) + b``.

    Attributes:
        programs: the K expressions, each over the units of the previous layer.
        weights: W, (K, m): what each expression contributes to each of the m units.
        bias: b, (m,).
    """

    programs: tuple[Expression, ...]
    weights: Array
    bias: Array

    @property
    def width(self) -> int:
        """Number of units m."""
        return len(self.bias)

    @property
    def operations(self) -> int:
        """Operations of all its expressions."""
        return sum(map(len, self.programs))

    def expressions(self, inputs: Array) -> Array:
        """Values of the K expressions on the previous layer's units: (n, d) -> (n, K)."""
        columns = np.asfortranarray(inputs)  # as programs read them, laid out once for all
        return np.column_stack([evaluate(program, columns) for program in self.programs])

    def readout(self, values: Array) -> Array:
        """Units from the values of the expressions: (n, K) -> (n, m).

        Summed one expression after the other, so that a row's value never depends on which other
        rows are evaluated with it.
        """
        with np.errstate(all="ignore"):
            return weighted_sums(values, self.weights.T) + self.bias

    def __call__(self, inputs: Array) -> Array:
        """Units of the layer: (n, d) -> (n, m). Not finite where an expression has no value."""
        return self.readout(self.expressions(inputs))

    def to_dict(self) -> dict[str, Any]:
        """The layer as JSON-ready values that ``from_dict`` turns back into the same numbers."""
        return {
            "programs": [_program_to_dict(program) for program in self.programs],
            "weights": self.weights.tolist(),
            "bias": self.bias.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], inputs: int) -> SymbolicLayer:
        """Rebuild a layer that reads so many inputs from what ``to_dict`` made of it.

        Raises:
            ModelError: a key is missing or unknown, or a value has a wrong type, shape or range.
        """
        try:
            layer = _LayerRecord.model_validate(data).build("layer")
        except ValidationError as error:
            raise _invalid(error) from None
        _check_layer(layer, inputs, "layer")
        return layer


@dataclass(frozen=True)
class SymbolicNetwork:
    """A trained network read as formulas, layer by layer.

    Attributes:
        layers: one per layer of the network, the output layer last; or that alone, reading the
            inputs in their own units.
        features: names of the d input columns.
        scaler: standardisation that the first layer's inputs went through, or None.
        output_activation: ``softmax`` where the last layer's units are logits.
    """

    layers: tuple[SymbolicLayer, ...]
    features: tuple[str, ...]
    scaler: Scaler | None = None
    output_activation: OutputActivation = "linear"

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.layers)

    @property
    def operations(self) -> int:
        """Operations of all expressions of all layers."""
        return sum(layer.operations for layer in self.layers)

    def inputs(self, X: Array) -> Array:
        """What the first layer reads: raw rows (n, d), standardised where there is a scaler.

        Raises:
            ModelError: the rows have another number of columns than there are features.
        """
        if X.ndim != 2 or X.shape[1] != len(self.features):
            raise ModelError(
                f"the symbolic network takes {len(self.features)} inputs, "
                f"the rows have {X.shape[-1] if X.ndim else 0}"
            )
        return X if self.scaler is None else self.scaler(X)

    def layer_outputs(self, X: Array) -> list[Array]:
        """Units of every layer, each computed from the layer before: raw rows (n, d) -> (n, m_l).

        Raises:
            ModelError: the rows have another number of columns than there are features.
        """
        return [layer.units for layer in self.layer_values(X)]

    def layer_values(self, X: Array) -> list[LayerValues]:
        """What every layer reads and gives, each computed from the layer before: raw rows (n, d).

        Raises:
            ModelError: the rows have another number of columns than there are features.
        """
        inputs, layers = self.inputs(X), list[LayerValues]()
        for layer in self.layers:
            values = layer.expressions(inputs)
            layers.append(LayerValues(inputs, values, layer.readout(values)))
            inputs = layers[-1].units
        return layers

    def predict(self, X: Array) -> Array:
        """Outputs for raw rows, logits for a classifier: (n, d) -> (n, m_L).

        Raises:
            ModelError: the rows have another number of columns than there are features.
        """
        per_row = sum(layer.width + len(layer.programs) for layer in self.layers)
        parts = blocks(len(X), _VALUES // per_row) or [slice(0)]
        return np.concatenate([self.layer_outputs(X[part])[-1] for part in parts])

    def check(self) -> None:
        """Make sure that the parts fit together.

        Raises:
            ModelError: a width, shape, slot or opcode is out of range, or a number is not finite.
        """
        _require(len(self.features) > 0, "features", "at least one is needed")
        _require(len(set(self.features)) == len(self.features), "features", "a name occurs twice")
        width = len(self.features)
        if self.scaler is not None:
            _check_array(self.scaler.mean, (width,), "scaler.mean")
            _check_array(self.scaler.scale, (width,), "scaler.scale")
            _require(bool(np.all(self.scaler.scale != 0)), "scaler.scale", "a scale is 0")
        _require(len(self.layers) > 0, "layers", "at least one is needed")
        for index, layer in enumerate(self.layers):
            _check_layer(layer, width, f"layers[{index}]")
            width = layer.width

    def to_dict(self) -> dict[str, Any]:
        """The network as JSON-ready values that ``from_dict`` turns back into the same numbers.

        Raises:
            ModelError: the network does not pass ``check``.
        """
        self.check()
        scaler = self.scaler
        return {
            "features": list(self.features),
            "scaler": None
            if scaler is None
            else {"mean": scaler.mean.tolist(), "scale": scaler.scale.tolist()},
            "output_activation": self.output_activation,
            "layers": [layer.to_dict() for layer in self.layers],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SymbolicNetwork:
        """Rebuild a network from what ``to_dict`` made of it, however it was tampered with since.

        Raises:
            ModelError: a key is missing or unknown, or a value has a wrong type, shape or range.
        """
        try:
            network = _NetworkRecord.model_validate(data).build()
        except ValidationError as error:
            raise _invalid(error) from None
        network.check()
        return network


def _program_to_dict(program: Program) -> dict[str, Any]:
    instructions: list[dict[str, Any]] = []
    for i, opcode in enumerate(program.ops):
        primitive = PRIMITIVES[opcode]
        record: dict[str, Any] = {
            "function": primitive.name,
            "args": program.args[i, : primitive.arity].tolist(),
        }
        if program.coefficients is not None:
            record["coefficients"] = program.coefficients[i, : primitive.arity].tolist()
        instructions.append(record)
    return {
        "inputs": int(program.inputs),
        "constants": program.constants.tolist(),
        "instructions": instructions,
        "output": int(program.output),
    }


Slot = Annotated[int, Field(ge=0, le=2**31)]


class _Record(BaseModel):
    """A part of the saved form: unknown keys, NaN and infinities are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _InstructionRecord(_Record):
    function: str
    args: list[Slot]
    coefficients: list[float] | None = None


class _ProgramRecord(_Record):
    inputs: Slot
    constants: list[float]
    instructions: list[_InstructionRecord]
    output: Slot

    def build(self, where: str) -> Program:
        weighted = any(row.coefficients is not None for row in self.instructions)
        ops = np.zeros(len(self.instructions), dtype=np.int64)
        args = np.zeros((len(ops), 2), dtype=np.int64)
        coefficients = np.ones((len(ops), 2))
        for i, row in enumerate(self.instructions):
            here = f"{where}.instructions[{i}]"
            _require(row.function in BY_NAME, here, f"unknown function {row.function!r}")
            primitive = BY_NAME[row.function]
            arity = primitive.arity
            _require(len(row.args) == arity, f"{here}.args", f"{row.function} takes {arity}")
            ops[i] = primitive.opcode
            args[i] = [row.args[0], row.args[-1]]
            if weighted:
                given = row.coefficients or []
                _require(len(given) == arity, f"{here}.coefficients", f"{arity} are needed")
                coefficients[i, :arity] = given
        constants = np.array(self.constants, dtype=np.float64)
        return Program(
            inputs=self.inputs,
            constants=constants,
            ops=ops,
            args=args,
            output=self.output,
            coefficients=coefficients if weighted else None,
        )


class _LayerRecord(_Record):
    programs: list[_ProgramRecord]
    weights: list[list[float]]
    bias: list[float]

    def build(self, where: str) -> SymbolicLayer:
        width = len(self.bias)
        rows_fit = all(len(row) == width for row in self.weights)
        _require(rows_fit, f"{where}.weights", f"every row needs {width} numbers, as bias has")
        programs = tuple(
            program.build(f"{where}.programs[{k}]") for k, program in enumerate(self.programs)
        )
        weights = np.array(self.weights, dtype=np.float64).reshape(len(self.weights), width)
        return SymbolicLayer(programs, weights, np.array(self.bias, dtype=np.float64))


class _ScalerRecord(_Record):
    mean: list[float]
    scale: list[float]


class _NetworkRecord(_Record):
    features: list[str]
    scaler: _ScalerRecord | None
    output_activation: OutputActivation
    layers: list[_LayerRecord]

    def build(self) -> SymbolicNetwork:
        scaler = None
        if self.scaler is not None:
            scaler = Scaler(
                np.array(self.scaler.mean, dtype=np.float64),
                np.array(self.scaler.scale, dtype=np.float64),
            )
        return SymbolicNetwork(
            tuple(layer.build(f"layers[{i}]") for i, layer in enumerate(self.layers)),
            tuple(self.features),
            scaler,
            self.output_activation,
        )


def _check_layer(layer: SymbolicLayer, inputs: int, where: str) -> None:
    count = len(layer.programs)
    _require(count > 0, f"{where}.programs", "at least one is needed")
    _require(layer.width > 0, f"{where}.bias", "at least one unit is needed")
    _check_array(layer.weights, (count, layer.width), f"{where}.weights")
    _check_array(layer.bias, (layer.width,), f"{where}.bias")
    for k, program in enumerate(layer.programs):
        _check_program(program, inputs, f"{where}.programs[{k}]")


def _check_program(program: Program, inputs: int, where: str) -> None:
    _require(
        program.inputs == inputs,
        f"{where}.inputs",
        f"reads {program.inputs} inputs, the layer before has {inputs}",
    )
    try:
        require_valid_program(program)
    except InvalidGenotype as error:
        raise _damaged(f"{where}.{error.place}", error.problem) from None


def _check_array(array: Array, shape: tuple[int, ...], where: str) -> None:
    _require(array.shape == shape, where, f"has shape {array.shape}, {shape} is needed")
    _require(bool(np.all(np.isfinite(array))), where, "holds a number that is not finite")


def _require(condition: bool, where: str, problem: str) -> None:
    if not condition:
        raise _damaged(where, problem)


def _damaged(where: str, problem: str) -> ModelError:
    return ModelError(
        f"symbolic network: {where}: {problem}",
        hint="the model was damaged or edited; run 'srnet fit' again",
    )


def _invalid(error: ValidationError) -> ModelError:
    first = error.errors(include_url=False, include_input=False)[0]
    return _damaged(_path(first["loc"]), first["msg"])


def _path(location: tuple[int | str, ...]) -> str:
    """``("layers", 0, "bias")`` as ``layers[0].bias``, on one line whatever a key holds."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return " ".join("".join(parts).removeprefix(".").split())[:200] or "model"
