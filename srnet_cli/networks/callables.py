"""Networks that are Python objects: callables, modules of PyTorch, estimators of scikit-learn.

What can be read as dense layers is; anything else is called. A network that is called lives in its
process: a run keeps its values on the run's own rows, see ``recorded``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srnet_cli.datasets.suggest import clip, quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.activations import OutputActivation
from srnet_cli.networks.opaque import OpaqueNetwork, difference_slopes, plain_readout
from srnet_cli.networks.readers.loaded import LoadedNetwork
from srnet_cli.networks.recorded import recorded
from srnet_cli.networks.trained import Array, Scaler

Function = Callable[[Array], Any]
"""Raw rows, (n, d) float64, to values of each, (n, m) or (n,)."""

_STEP = float(np.cbrt(np.finfo(np.float32).eps))  # callables are often of single precision
_TESTED_ROWS = 5
_TOLERANCE = 1e-4  # of the largest value
_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True)
class CallableNetwork(OpaqueNetwork):
    """Functions of raw rows, one per layer or one for all.

    Attributes:
        function: rows to the values of every layer, (n, m_l) each.
        sizes: d, then the widths of the layers as the function gives them.
        readout: see ``OpaqueNetwork``.
        known_activations: what the activations of the layers are called, where that is known.
        learned: how many numbers the network has learned; 0 where that is not known.
        output_activation: ``linear`` for regression, ``softmax`` for classification.
        scaler: standardisation of raw rows, or None.
    """

    function: Callable[[Array], Sequence[Array]]
    sizes: tuple[int, ...]
    readout: Array
    known_activations: tuple[str, ...] = ()
    learned: int = 0
    output_activation: OutputActivation = "linear"
    scaler: Scaler | None = None

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs d, then the units of every layer: (d, m_1, …, m_L)."""
        return (*self.sizes[:-1], len(self.readout))

    def gradients(self, X: Array) -> Array:
        """Give the slopes of the outputs ∂y_o/∂x_i by central differences: (n, m_L, d)."""
        return difference_slopes(self, X, _STEP)

    def check(self) -> None:
        """Check that it can be used; that it takes each row by itself is checked when it is made.

        Raises:
            ModelError: it cannot.
        """
        self._check_outputs()

    def _forward(self, rows: Array) -> list[Array]:
        """Give h_1 … h_L of a block of raw rows."""
        layers = self.function(self.inputs(rows))
        return [*layers[:-1], self._read_out(layers[-1])]


def network_of_callable(
    function: Function,
    X: Array,
    hidden: Sequence[Function | Array] = (),
    *,
    inputs: Sequence[str] = (),
    classes: Sequence[str] = (),
    kind: str = "Python callable",
) -> LoadedNetwork:
    """A network from a function of rows.

    Args:
        function: raw rows, (n, d), to outputs, (n, m) or (n,); of a classifier its logits.
        X: rows that it takes, (n, d); the first of them are asked for at once.
        hidden: the layers before the output, in order: functions of raw rows to units, (n, m_l),
            or arrays of the units on X. Where one is an array, or X is all that is to be asked
            for, the network is known by its values on X only.
        inputs: names of the inputs, d of them, if they have any.
        classes: labels in the order of the outputs, of a classifier.
        kind: what it is called.

    Raises:
        ModelError: the values do not fit, change from call to call, or depend on other rows.
    """
    rows = _as_rows(X)
    if any(not callable(layer) for layer in hidden):
        tables = [_values(layer, rows, f"hidden[{k}]") for k, layer in enumerate(hidden)]
        known = recorded(rows, [*tables, _values(function, rows, "the network")])
        return _loaded_network(known, kind, inputs, classes, rows)
    functions = [*hidden, function]
    names = [*(f"hidden[{place}]" for place in range(len(hidden))), "the network"]

    def layers(rows: Array) -> list[Array]:
        return [_values(layer, rows, name) for layer, name in zip(functions, names, strict=True)]

    return _loaded_network(network_of_layers(layers, rows), kind, inputs, classes, rows)


def network_of_layers(
    layers: Callable[[Array], Sequence[Array]], X: Array, *, learned: int = 0
) -> CallableNetwork:
    """A network from one function that gives all layers, h_1 … h_L, (n, m_l) each.

    Args:
        layers: the function of raw rows.
        X: rows that it takes, (n, d).
        learned: how many numbers it has learned.

    Raises:
        ModelError: as ``network_of_callable``.
    """
    tested = X[:_TESTED_ROWS]
    together = layers(tested)
    _check_repeats(together, layers(tested), "gives other values when it is called again")
    alone = [np.concatenate(parts) for parts in zip(*map(layers, tested[:, None]), strict=True)]
    _check_repeats(together, alone, "gives other values for a row alone than beside others")
    sizes = (X.shape[1], *(layer.shape[1] for layer in together))
    return CallableNetwork(layers, sizes, plain_readout(sizes[-1]), learned=learned)


def network_of_object(
    network: Any,
    X: Array,
    hidden: Sequence[Function | Array] = (),
    *,
    inputs: Sequence[str] = (),
    classes: Sequence[str] = (),
) -> LoadedNetwork:
    """A network from whatever it is: a PyTorch module, a scikit-learn estimator, or a callable.

    Args:
        network: a module or estimator is read as dense layers where it is such.
        X, hidden, inputs, classes: as for ``network_of_callable``; of a module or estimator the
            layers are known without ``hidden``.

    Raises:
        ModelError: it is none of these, or cannot be used.
    """
    if hidden:
        function = network if callable(network) else network.predict
        return network_of_callable(function, X, hidden, inputs=inputs, classes=classes)
    if _is_torch_module(network):
        from srnet_cli.networks.torch_module import network_of_module

        loaded = network_of_module(network, _as_rows(X))
    elif hasattr(network, "predict") and hasattr(network, "get_params"):
        loaded = network_of_estimator(network, X)
    elif callable(network):
        return network_of_callable(network, X, inputs=inputs, classes=classes)
    else:
        raise ModelError(
            f"a {quoted(type(network).__name__)} is no network",
            hint="give a callable of rows, a PyTorch module, or a fitted scikit-learn estimator",
        )
    return replace(
        loaded,
        inputs=tuple(inputs) or loaded.inputs,
        classes=tuple(classes) or loaded.classes,
        rows=_as_rows(X),
    )


def network_of_estimator(estimator: Any, X: Array) -> LoadedNetwork:
    """A network from a fitted estimator: dense layers of an MLP, else what it predicts.

    Of a classifier the outputs are the values of its ``decision_function``, else the logarithms of
    its probabilities, no less than 10⁻⁶.

    Raises:
        ModelError: it is not fitted, or cannot be used.
    """
    from srnet_cli.networks.readers.skops_file import holds_mlp, network_of_model

    try:
        if holds_mlp(estimator):
            return replace(network_of_model(estimator), rows=_as_rows(X))
    except ModelError:
        pass  # such as one behind a step that is no scaling: it is called
    classes = tuple(str(label) for label in np.asarray(getattr(estimator, "classes_", ())))
    columns = [str(name) for name in getattr(estimator, "feature_names_in_", ())]
    function = (
        _scores(estimator, columns) if classes else _taking_columns(estimator.predict, columns)
    )
    kind = f"scikit-learn {type(estimator).__name__}"
    try:
        return network_of_callable(function, X, inputs=columns, classes=classes, kind=kind)
    except (AttributeError, ValueError) as error:  # NotFittedError is both
        raise ModelError(f"the {kind} cannot be asked: {clip(str(error), 160)}") from error


def _scores(estimator: Any, columns: Sequence[str]) -> Function:
    """The scores of a classifier's classes."""
    if hasattr(estimator, "decision_function"):
        decide = _taking_columns(estimator.decision_function, columns)

        def scores(X: Array) -> Array:
            values = np.asarray(decide(X), dtype=np.float64)
            return values if values.ndim == 2 else np.column_stack([np.zeros(len(X)), values])

        return scores
    if not hasattr(estimator, "predict_proba"):
        raise ModelError(
            f"the {type(estimator).__name__} gives classes, and neither scores nor probabilities",
            hint="fit it with probability=True, where it has that",
        )
    ask = _taking_columns(estimator.predict_proba, columns)
    return lambda X: np.log(np.maximum(ask(X), _LEAST_PROBABILITY))


def _taking_columns(method: Callable[..., Any], columns: Sequence[str]) -> Function:
    """The method, which is handed tables where it was fitted to columns with names."""
    if not columns:
        return method

    def named(X: Array) -> Any:
        import pandas as pd

        return method(pd.DataFrame(X, columns=list(columns)))

    return named


def _loaded_network(
    network: Any, kind: str, inputs: Sequence[str], classes: Sequence[str], rows: Array
) -> LoadedNetwork:
    if inputs and len(inputs) != rows.shape[1]:
        raise ModelError(f"{len(inputs)} names of inputs for {rows.shape[1]} columns")
    if classes:
        network = network if network.widths[-1] < 2 else network.as_classifier()
    hidden = len(network.widths) - 2
    return LoadedNetwork(
        network,
        kind,
        inputs=tuple(inputs),
        classes=tuple(classes),
        layers=(*(f"hidden[{place}]" for place in range(hidden)), "output"),
        rows=rows,
        says_output=network.output_activation == "softmax",
    )


def _as_rows(X: Any) -> Array:
    rows = np.asarray(X)
    if rows.ndim != 2 or not rows.size or rows.dtype.kind not in "biuf":
        raise ModelError(f"rows are numbers, (n, d); these are {rows.dtype} {rows.shape}")
    return np.ascontiguousarray(rows, dtype=np.float64)


def _values(layer: Function | Array, rows: Array, name: str) -> Array:
    """What a layer gives for rows, (n, m), checked."""
    answer = layer(rows.copy()) if callable(layer) else layer
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{name} gives a {quoted(type(answer).__name__)}, which is no array of numbers"
        ) from error
    if values.ndim < 1 or len(values) != len(rows) or not values.size:
        raise ModelError(
            f"{name} gives values of shape {values.shape} for {len(rows)} rows; expected a row of "
            "units, or a number, per row"
        )
    return values.reshape(len(rows), -1)


def _check_repeats(values: Sequence[Array], again: Sequence[Array], what: str) -> None:
    for first, second in zip(values, again, strict=True):
        size = np.abs(first).max(initial=1e-30)
        if not np.allclose(first, second, rtol=0.0, atol=_TOLERANCE * size, equal_nan=True):
            raise ModelError(
                f"the network {what}",
                hint="switch dropout off and use batch normalisation as trained, as by "
                "model.eval()",
            )


def _is_torch_module(network: Any) -> bool:
    """Whether it is one, without importing PyTorch."""
    return any(
        base.__module__ == "torch.nn.modules.module" and base.__name__ == "Module"
        for base in type(network).__mro__
    )
