"""Training a network on a dataset with scikit-learn."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Dataset
from srnet_cli.errors import DataError, ModelError
from srnet_cli.networks.activations import Activation
from srnet_cli.networks.early_stopping import ENOUGH_ROWS, fit_until_worse, rows_to_hold_out
from srnet_cli.networks.network import Array, Network, Scaler, fit_scaler
from srnet_cli.networks.penalty import ROWS_PER_WEIGHT, best_penalty
from srnet_cli.networks.trained import TrainedNetwork
from srnet_cli.rng import stream

if TYPE_CHECKING:
    from srnet_cli.config.schema import TrainSettings

_SKLEARN_NAMES: dict[Activation, str] = {"sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}
_ROUNDING = 1e-13

MAX_STARTS = 5
"""How many initial weights are tried at most."""


@dataclass(frozen=True)
class Training:
    """A trained network and how its training ended.

    Attributes:
        network: the network.
        iterations: iterations of L-BFGS, or epochs.
        converged: whether training stopped by itself, before ``max_iter`` iterations.
        loss: what was minimised, at the end: half the mean squared error of the standardised
            target, or the cross-entropy, with the penalty.
        starts: how many initial weights were tried until one gave a network that is not constant.
        penalty: the L2 penalty of the weights.
        held_out: how many training rows were held out where training was stopped early; else 0.
    """

    network: Network
    iterations: int
    converged: bool
    loss: float
    starts: int = 1
    penalty: float = 0.0
    held_out: int = 0


def train_network(
    settings: TrainSettings,
    dataset: Dataset,
    seed: int,
    standardise: bool,
    *,
    most_starts: int = MAX_STARTS,
) -> Training:
    """Train a network on the training rows of a dataset.

    Inputs, and the target of a regression, are standardised while training. Afterwards the
    target's scaling is folded into the last layer; that of the inputs becomes the network's scaler
    if ``standardise``, and else is folded into the first layer, so that the network takes raw rows.
    A classifier has a logit per class, also where there are two classes.

    A network of a table is held back from learning its noise, unless it has too few weights for
    that: training on ``early_stopping.ENOUGH_ROWS`` ends where rows held out say so, on fewer rows
    the weights have the penalty of ``penalty.best_penalty``. Rows of a formula need neither.

    Training may end in a network that answers the same for every row, such as one of dead units. It
    is then started again from other initial weights, at most ``most_starts`` times in all.

    Raises:
        DataError: rows without targets, or classes without rows.
        ModelError: training failed: the data are too few, or the weights grew beyond bounds.
    """
    scaler = fit_scaler(dataset.train.X)
    settings = _held_back(settings, dataset, scaler, seed)
    train = _train_classifier if dataset.task == "classification" else _train_regressor
    for start in range(1, most_starts + 1):
        training = train(settings, dataset, scaler, _random_state(seed, start))
        network = training.network
        network = (
            replace(network, scaler=scaler) if standardise else _take_raw_rows(network, scaler)
        )
        _check_trained(network, dataset.train.X)
        if not is_constant(network, dataset.train.X):
            break
    return replace(training, network=network, starts=start, penalty=float(settings.alpha))


def is_constant(network: TrainedNetwork, X: Array) -> bool:
    """Whether a network answers the same for all of several rows, (n, d), that are not all equal.

    A classifier's answer is its label; numbers are the same if all that parts them is rounding.
    """
    if not np.ptp(X, axis=0).any():
        return False
    if network.output_activation == "softmax":
        return len(np.unique(network.labels(X))) == 1
    outputs = network.predict(X)
    return bool((np.ptp(outputs, axis=0) <= _ROUNDING * np.abs(outputs).max(axis=0)).all())


def _held_back(
    settings: TrainSettings, dataset: Dataset, scaler: Scaler, seed: int
) -> TrainSettings:
    """The settings with a number for the penalty, and a yes or no to stopping early.

    Where neither is said, a network that could learn noise is stopped early if there are enough
    rows, and else gets a penalty.
    """
    can_learn_noise = dataset.truth is None and len(dataset.train) < (
        ROWS_PER_WEIGHT * _weights(settings, dataset)
    )
    stops, penalty = settings.early_stopping, settings.alpha
    if stops == "auto":
        stops = penalty == "auto" and can_learn_noise and len(dataset.train) >= ENOUGH_ROWS
        if stops and settings.solver != "lbfgs" and dataset.task == "classification":
            stops = not _single_classes(_labels(_targets(dataset), dataset.classes))
    if penalty == "auto":
        penalty = 0.0
        if can_learn_noise and not stops and settings.solver == "lbfgs":
            penalty = _best_penalty(settings, dataset, scaler, seed)
    return settings.model_copy(update={"alpha": penalty, "early_stopping": stops})


def _weights(settings: TrainSettings, dataset: Dataset) -> int:
    """How many weights the network has."""
    outputs = len(dataset.classes) or _targets(dataset)[:1].size
    widths = (dataset.train.X.shape[1], *settings.hidden, outputs)
    return sum((above + 1) * below for above, below in pairwise(widths))


def _best_penalty(settings: TrainSettings, dataset: Dataset, scaler: Scaler, seed: int) -> float:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    targets: Any = _targets(dataset)
    kind: type = MLPRegressor
    if dataset.task == "classification":
        targets, kind = _labels(targets, dataset.classes), MLPClassifier
    else:
        targets = targets.reshape(len(targets), -1)
        targets = _target_scaler(targets)(targets).squeeze(axis=_single_axis(targets))

    def make(penalty: float, iterations: int) -> Any:
        wanted = settings.model_copy(
            update={"alpha": penalty, "max_iter": min(iterations, settings.max_iter)}
        )
        return kind(**_options(wanted, _random_state(seed, 1)))

    return best_penalty(
        make,
        scaler(dataset.train.X),
        targets,
        weights=_weights(settings, dataset),
        seed=seed,
        fit=_fit,
    )


def _train_regressor(
    settings: TrainSettings, dataset: Dataset, scaler: Scaler, random_state: int
) -> Training:
    from sklearn.neural_network import MLPRegressor

    targets = _targets(dataset).reshape(len(dataset.train), -1)
    target_scaler = _target_scaler(targets)
    mlp, converged, held_out = _learn(
        lambda: MLPRegressor(**_options(settings, random_state)),
        scaler(dataset.train.X),
        target_scaler(targets).squeeze(axis=_single_axis(targets)),
        settings.early_stopping,
    )
    network = _network(mlp, settings.activation)
    last = (
        network.weights[-1] * target_scaler.scale[:, None],
        network.biases[-1] * target_scaler.scale + target_scaler.mean,
    )
    return _training(mlp, _with_last_layer(network, *last), converged, held_out)


def _single_axis(targets: Array) -> tuple[int, ...]:
    """The axis of the targets where there is only one."""
    return (1,) if targets.shape[1] == 1 else ()


def _train_classifier(
    settings: TrainSettings, dataset: Dataset, scaler: Scaler, random_state: int
) -> Training:
    from sklearn.neural_network import MLPClassifier

    labels = _labels(_targets(dataset), dataset.classes)
    if settings.early_stopping and settings.solver != "lbfgs":
        _check_can_hold_out(labels, dataset.classes)
    mlp, converged, held_out = _learn(
        lambda: MLPClassifier(**_options(settings, random_state)),
        scaler(dataset.train.X),
        labels,
        settings.early_stopping,
    )
    network = replace(_network(mlp, settings.activation), output_activation="softmax")
    if len(dataset.classes) == 2:
        # scikit-learn gives two classes a single logistic output z: the logits 0 and z.
        weight, bias = network.weights[-1], network.biases[-1]
        last = np.vstack([np.zeros_like(weight), weight]), np.append(0.0, bias)
        network = _with_last_layer(network, *last)
    return _training(mlp, network, converged, held_out)


def _options(settings: TrainSettings, random_state: int) -> dict[str, Any]:
    return {
        "hidden_layer_sizes": settings.hidden,
        "activation": _SKLEARN_NAMES[settings.activation],
        "solver": settings.solver,
        "alpha": settings.alpha,
        "learning_rate_init": settings.learning_rate,
        "max_iter": settings.max_iter,
        "max_fun": 10 * settings.max_iter,  # so that max_iter alone decides, also for L-BFGS
        "tol": settings.tolerance,
        "early_stopping": settings.early_stopping and settings.solver != "lbfgs",
        "random_state": random_state,
    }


def _random_state(seed: int, start: int) -> int:
    return int(stream(seed, "network", "train", start).integers(2**32))


def _learn(
    make: Callable[[], Any], rows: Array, targets: NDArray[Any], stops_early: Any
) -> tuple[Any, bool, int]:
    """A trained scikit-learn network, whether that ended by itself, and how many rows were held
    out."""
    mlp = make()
    if not stops_early:
        return mlp, _fit(mlp, rows, targets), 0
    if mlp.solver != "lbfgs":
        return mlp, _fit(mlp, rows, targets), math.ceil(mlp.validation_fraction * len(rows))
    held = rows_to_hold_out(targets, mlp.random_state)
    if fit_until_worse(mlp, rows, targets, held, _fit):
        return mlp, True, int(held.sum())
    mlp = make()
    return mlp, _fit(mlp, rows, targets), 0


def _fit(mlp: Any, rows: Array, targets: NDArray[Any]) -> bool:
    """Fit a scikit-learn network; give whether it converged."""
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with (
        warnings.catch_warnings(record=True) as caught,
        threadpool_limits(1),  # sums, and so the network, must not depend on the machine's threads
    ):
        warnings.simplefilter("always")
        try:
            mlp.fit(rows, targets)
        except ValueError as error:
            reason = str(error).splitlines()[0]
            raise ModelError(
                f"the network could not be trained: {reason}",
                hint="check the data's scale and number of rows, or lower learning_rate",
            ) from error
        except MemoryError as error:
            raise ModelError(
                "the network is too large for this machine's memory",
                hint="make network.train.hidden smaller",
            ) from error
    if any("interrupted by user" in str(warning.message) for warning in caught):
        raise KeyboardInterrupt  # scikit-learn swallows it and stops as if all were well
    return not any(issubclass(warning.category, ConvergenceWarning) for warning in caught)


def _network(mlp: Any, activation: Activation) -> Network:
    weights = tuple(np.ascontiguousarray(coefficients.T) for coefficients in mlp.coefs_)
    return Network(weights, tuple(mlp.intercepts_), activation)


def _with_last_layer(network: Network, weight: Array, bias: Array) -> Network:
    return replace(
        network,
        weights=(*network.weights[:-1], weight),
        biases=(*network.biases[:-1], bias),
    )


def _take_raw_rows(network: Network, scaler: Scaler) -> Network:
    """Fold the standardisation of the inputs into the first layer."""
    with np.errstate(over="ignore", invalid="ignore"):
        weight = network.weights[0] / scaler.scale
        bias = network.biases[0] - weight @ scaler.mean
    return replace(
        network, weights=(weight, *network.weights[1:]), biases=(bias, *network.biases[1:])
    )


def _training(mlp: Any, network: Network, converged: bool, held_out: int) -> Training:
    return Training(network, int(mlp.n_iter_), converged, float(mlp.loss_), held_out=held_out)


def _targets(dataset: Dataset) -> Array:
    if dataset.train.y is None:
        raise DataError(
            "the training rows have no target to train a network on",
            hint="give dataset.formula, or a network to load",
        )
    return dataset.train.y


def _target_scaler(targets: Array) -> Scaler:
    try:
        return fit_scaler(targets)
    except DataError as error:
        raise DataError("the target is too large to train on", hint="rescale it") from error


def _labels(targets: Array, classes: Sequence[str]) -> NDArray[np.int64]:
    if len(classes) < 2:
        raise DataError("a classifier needs at least 2 classes; the target has only 1")
    labels = targets.astype(np.int64)
    missing = np.flatnonzero(np.bincount(labels, minlength=len(classes)) == 0)
    if len(missing):
        raise DataError(
            f"class '{classes[missing[0]]}' has no training row",
            hint="drop its rows, merge it into another class, or lower the held-out fractions",
        )
    return labels


def _check_can_hold_out(labels: NDArray[np.int64], classes: Sequence[str]) -> None:
    """scikit-learn holds out rows of every class, so each needs two."""
    single = _single_classes(labels)
    if single:
        raise DataError(
            f"class '{classes[single[0]]}' has one training row, of which early stopping can hold "
            "out none",
            hint="set network.train.early_stopping to false, drop the row, or merge the class",
        )


def _single_classes(labels: NDArray[np.int64]) -> list[int]:
    """Classes with one training row."""
    return np.flatnonzero(np.bincount(labels) == 1).tolist()


def _check_trained(network: Network, rows: Array) -> None:
    network.check()
    if not np.isfinite(network.predict(rows)).all():
        raise ModelError(
            "the trained network gives values that are not finite",
            hint="lower network.train.learning_rate, or set dataset.standardise",
        )
