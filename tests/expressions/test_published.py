"""The authors' best individuals: decoded, evaluated, printed, and evaluated from the print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from sympy.parsing.sympy_parser import parse_expr

from oracles import interpret
from srnet_cli.cgp.program import Program
from srnet_cli.expressions import as_text, compose, layer_formulas, values
from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.primitives import PUBLISHED_FUNCTIONS, function_set

NAMES = [f"{group}{index}" for group in "KF" for index in range(6)]
NODES = 25


def decode(genes: list[int], constants: list[float], inputs: int) -> Program:
    """The active nodes of a published chromosome: a function and two connections a node."""
    functions = function_set(PUBLISHED_FUNCTIONS)
    leaves = inputs + len(constants)
    nodes = [genes[3 * i : 3 * i + 3] for i in range(NODES)]
    active: list[int] = []
    waiting = [genes[-1]]
    while waiting:
        slot = waiting.pop()
        if slot >= leaves and slot - leaves not in active:
            active.append(slot - leaves)
            function, *operands = nodes[slot - leaves]
            waiting += operands[: functions[function].arity]
    place = {slot: slot for slot in range(leaves)}
    place |= {leaves + node: leaves + i for i, node in enumerate(sorted(active))}
    ops, args = [], []
    for node in sorted(active):
        function, *operands = nodes[node]
        ops.append(functions[function].opcode)
        args.append([place.get(slot, 0) for slot in operands])
    return Program(
        inputs,
        np.array(constants),
        np.array(ops, dtype=np.int64),
        np.array(args, dtype=np.int64).reshape(-1, 2),
        place[genes[-1]],
    )


def published(record: dict[str, Any]) -> SymbolicNetwork:
    """The best published individual as a symbolic network."""
    elite = record["elite0"]
    layers = []
    for i, genes in enumerate(elite["genes"]):
        program = decode(genes, elite["constants"][i], record["neurons"][i])
        weights = np.array(elite["weights"][i], dtype=float).reshape(1, -1)
        layers.append(SymbolicLayer((program,), weights, np.ravel(elite["bias"][i]).astype(float)))
    return SymbolicNetwork(tuple(layers), tuple(record["variables"]))


def activations(arrays: dict[str, Any], X: np.ndarray) -> list[np.ndarray]:
    """The published network's layers, straight from its weights."""
    layers, values = [], X
    count = sum(name.startswith("weight") for name in arrays)
    for i in range(1, count + 1):
        values = values @ arrays[f"weight{i}"].astype(float).T + arrays[f"bias{i}"].astype(float)
        if i < count:
            with np.errstate(over="ignore"):
                values = 1 / (1 + np.exp(-values))
        layers.append(values)
    return layers


class Case:
    """One published result: the individual, the rows, the network's layers, and the losses."""

    def __init__(self, folder: Path, name: str) -> None:
        record = json.loads((folder / f"{name}.json").read_text())
        with np.load(folder / f"{name}.npz") as arrays:
            stored = dict(arrays)
        self.network = published(record)
        self.X = stored["X"].astype(float)
        self.layers = activations(stored, self.X)
        self.losses = record["elite0_layer_mse_on_X"]

    def check(self, outputs: list[np.ndarray]) -> None:
        """Compare the losses of a composition's layers with those recorded."""
        found = [np.mean((h - t) ** 2) for h, t in zip(outputs, self.layers, strict=True)]
        assert found == pytest.approx(self.losses, rel=1e-6)


@pytest.fixture(scope="module", params=NAMES)
def case(request: pytest.FixtureRequest, shared: Path) -> Case:
    """Every published result in turn."""
    return Case(shared / "paper" / "regression", request.param)


def test_interpreter_reproduces_the_losses(case: Case) -> None:
    """Decoded genes, weights and biases give the recorded layer errors in plain NumPy."""
    outputs, values = [], case.X
    for layer in case.network.layers:
        values = interpret(layer.programs[0], values)[:, None] * layer.weights + layer.bias
        outputs.append(values)
    case.check(outputs)


def test_model_reproduces_the_losses(case: Case) -> None:
    """The kernels, through the symbolic network, give the recorded layer errors."""
    case.check(case.network.layer_outputs(case.X))


@pytest.mark.parametrize("simplified", [False, True])
def test_printed_layers_reproduce_the_losses(case: Case, simplified: bool) -> None:
    """Formulas printed as text, read by SymPy and evaluated by NumPy, give the same errors."""
    outputs, values = [], case.X
    for layer in layer_formulas(case.network, case.X if simplified else None):
        printed = [parse_expr(as_text(unit), evaluate=False) for unit in layer.units]
        function = sympy.lambdify([symbol.name for symbol in layer.inputs], printed, "numpy")
        values = np.column_stack(np.broadcast_arrays(*function(*values.T)))
        outputs.append(values)
    case.check(outputs)


def test_whole_formula_reproduces_the_loss(case: Case) -> None:
    """One formula of the inputs, and the layers' formulas one by one, have the output's error."""
    outputs = compose(case.network, case.X)
    assert outputs is not None
    layers = layer_formulas(case.network, case.X)
    by_layers = case.X
    for layer in layers:
        by_layers = layer.evaluate(by_layers)
    whole = np.column_stack([values(output, layers[0].inputs, case.X) for output in outputs])
    for found in (whole, by_layers):
        loss = np.mean((found - case.layers[-1]) ** 2)
        assert loss == pytest.approx(case.losses[-1], rel=1e-6)
