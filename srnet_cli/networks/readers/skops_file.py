"""scikit-learn's MLPs, alone or in a pipeline with scalers, as ``skops`` writes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from srnet_cli.datasets.suggest import listed, quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.archive import opened
from srnet_cli.networks.readers.loaded import LoadedNetwork, NetworkFile, Wishes, require
from srnet_cli.networks.readers.plain_json import parse_json
from srnet_cli.networks.readers.stack import Stack
from srnet_cli.networks.trained import Array

# What an MLP holds beside types that skops trusts: how it was trained, which runs nothing.
_OPTIMISERS = [
    f"sklearn.neural_network._stochastic_optimizers.{name}"
    for name in ("AdamOptimizer", "SGDOptimizer")
]
_ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
_MAX_SCHEMA = 1 << 22
_PACKAGES = ("builtins", "collections", "numpy", "pandas", "scipy", "sklearn")


def read(file: NetworkFile, wishes: Wishes) -> LoadedNetwork:
    """Read a pipeline or an MLP; only types that skops trusts are loaded.

    Raises:
        ModelError: the file is damaged, holds other types, or no MLP.
    """
    with opened(file.data, "skops") as archive:
        _check_types(archive.read("schema.json", _MAX_SCHEMA))
    skops = require("skops.io", "skops", "a .skops file")
    try:
        untrusted = skops.get_untrusted_types(data=file.data)
        strange = [name for name in untrusted if name not in _OPTIMISERS]
        if strange:
            raise _not_loaded(strange)
        model = skops.loads(file.data, trusted=_OPTIMISERS)
    except (ModelError, RecursionError, MemoryError):
        raise
    except Exception as error:  # whatever a damaged file does to skops
        raise ModelError(
            "not a whole skops file", hint="save it again with skops.io.dump"
        ) from error
    return network_of_model(model)


def _check_types(schema: bytes) -> None:
    """Refuse, before seconds go into importing skops and what it needs, what no MLP holds.

    What passes is still judged by skops.

    Raises:
        ModelError: the schema is damaged, or names something of another package.
    """
    try:
        waiting = [parse_json(schema)]
    except ValueError as error:
        raise ModelError(
            "not a whole skops file", hint="save it again with skops.io.dump"
        ) from error
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        if not isinstance(value, dict):
            continue
        for key, name in (("__module__", "__class__"), ("module_path", "function")):
            module = str(value.get(key, "builtins"))
            if module.partition(".")[0] not in _PACKAGES:
                raise _not_loaded([f"{module}.{value.get(name, '')}"])
        waiting += value.values()


def _not_loaded(names: list[str]) -> ModelError:
    return ModelError(
        f"the file holds the type {listed(names, 3)}, which is not loaded",
        hint="save an MLPRegressor or MLPClassifier, or a Pipeline of scalers and one",
    )


def holds_mlp(model: Any) -> bool:
    """Whether an estimator is an MLP, or has one as its last step."""
    if _kind(model) == "Pipeline":
        return bool(model.steps) and holds_mlp(model.steps[-1][1])
    if _kind(model) == "TransformedTargetRegressor":
        return holds_mlp(getattr(model, "regressor_", None))
    return _kind(model) in ("MLPRegressor", "MLPClassifier")


def network_of_model(model: Any) -> LoadedNetwork:
    """The dense layers of a fitted MLP, alone or in a pipeline with scalers.

    Raises:
        ModelError: it is not fitted, or something else.
    """
    try:
        return _loaded(model)
    except (AttributeError, TypeError, ValueError, IndexError, KeyError) as error:
        raise ModelError("the model is not fitted, or damaged") from error


def _loaded(model: Any) -> LoadedNetwork:
    stack = Stack()
    steps = [step for _, step in model.steps] if _kind(model) == "Pipeline" else [model]
    for step in steps[:-1]:
        _scale(step, stack)
    last, target = steps[-1], None
    if _kind(last) == "TransformedTargetRegressor":
        last, target = last.regressor_, last.transformer_
        if _kind(last) == "Pipeline":
            for _, step in last.steps[:-1]:
                _scale(step, stack)
            last = last.steps[-1][1]
    if _kind(last) not in ("MLPRegressor", "MLPClassifier"):
        raise ModelError(
            f"the model is a {quoted(_kind(last))}",
            hint="an MLPRegressor or MLPClassifier can be read, alone or behind scalers",
        )
    _layers(last, stack)
    classes: tuple[str, ...] = ()
    if _kind(last) == "MLPClassifier":
        classes = _classify(last, stack)
    if target is not None:
        factor, offset = _affine(target)
        stack.scale(1.0 / factor, -offset / factor, _kind(target))
    names = getattr(model, "feature_names_in_", getattr(steps[0], "feature_names_in_", ()))
    network = stack.network()
    if classes:
        network = replace(network, output_activation="softmax")
    return LoadedNetwork(
        network,
        f"scikit-learn {_kind(model)}",
        inputs=tuple(str(name) for name in names),
        classes=classes,
        layers=tuple(stack.names),
        notes=tuple(stack.notes),
        says_output=bool(classes),
    )


def _kind(model: Any) -> str:
    return type(model).__name__


def _layers(mlp: Any, stack: Stack) -> None:
    hidden = _ACTIVATIONS.get(mlp.activation)
    if hidden is None:
        raise ModelError(f"the MLP has the unknown activation {quoted(mlp.activation)}")
    count = len(mlp.coefs_)
    if count != len(mlp.intercepts_):
        raise ModelError("the MLP has another number of weights than of biases")
    for number, (weight, bias) in enumerate(zip(mlp.coefs_, mlp.intercepts_, strict=True), 1):
        matrix = np.asarray(weight, dtype=np.float64).T.copy()
        stack.dense(matrix, np.asarray(bias, dtype=np.float64), f"coefs_[{number - 1}]")
        if number < count:
            stack.activate(hidden, f"activation {number}")


def _classify(mlp: Any, stack: Stack) -> tuple[str, ...]:
    """The labels, and a logit for each of them: of two classes scikit-learn has one logit."""
    classes = tuple(str(label) for label in np.asarray(mlp.classes_).tolist())
    weight, bias = stack.weights[-1], stack.biases[-1]
    if len(classes) == 2 and len(bias) == 1:
        stack.weights[-1] = np.vstack([np.zeros_like(weight), weight])
        stack.biases[-1] = np.append(0.0, bias)
        stack.notes.append("the one logistic output is the logit of the second class")
    return classes


def _scale(step: Any, stack: Stack) -> None:
    if _kind(step) == "FunctionTransformer" or step == "passthrough":
        if step == "passthrough":
            return
        raise ModelError("the pipeline holds a function, which is not loaded")
    factor, offset = _affine(step)
    stack.scale(factor, offset, _kind(step))


def _affine(step: Any) -> tuple[Array, Array]:
    """Factor and offset of a scaler: x·factor + offset."""
    kind = _kind(step)
    if kind == "StandardScaler":
        width = int(step.n_features_in_)
        scale = np.ones(width) if step.scale_ is None else np.asarray(step.scale_, dtype=float)
        mean = np.zeros(width) if step.mean_ is None or not step.with_mean else step.mean_
        return 1.0 / scale, -np.asarray(mean, dtype=float) / scale
    if kind == "MinMaxScaler" and not step.clip:
        return np.asarray(step.scale_, dtype=float), np.asarray(step.min_, dtype=float)
    if kind == "MaxAbsScaler":
        scale = np.asarray(step.scale_, dtype=float)
        return 1.0 / scale, np.zeros_like(scale)
    if kind == "RobustScaler":
        width = int(step.n_features_in_)
        scale = np.ones(width) if step.scale_ is None else np.asarray(step.scale_, dtype=float)
        centre = np.zeros(width) if step.center_ is None else np.asarray(step.center_, dtype=float)
        return 1.0 / scale, -centre / scale
    raise ModelError(
        f"the pipeline holds a {quoted(kind)}, which is no scaling of single inputs",
        hint="StandardScaler, MinMaxScaler, MaxAbsScaler and RobustScaler can be read",
    )
