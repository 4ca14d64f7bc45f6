"""The explainers that are compared: a row each, the same interface for all.

An explanation of one instance is a linear function in the units of the inputs, and for a formula
the formula itself, which is the same function everywhere. Formulas are compared in two forms where
a run has both: straight from the inputs, as it answers with them, and layer by layer.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import is_constant
from srnet_cli.compare.answers import Answers
from srnet_cli.compare.maple import fit_maple
from srnet_cli.errors import UsageError
from srnet_cli.model import SymbolicNetwork
from srnet_cli.model.functions import gradient, outputs
from srnet_cli.networks import TrainedNetwork

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """What is explained.

    Attributes:
        network: the network.
        model: the formulas of a run that read it.
        train: the training rows that explainers may learn from, raw, (n, d).
        nodes: nodes of everything that is printed of the model's layers, readouts included.
        answers: the whole-network formulas that the run answers with; None where it has none.
    """

    network: TrainedNetwork
    model: SymbolicNetwork
    train: Array
    nodes: int
    answers: Answers | None = None

    def __call__(self, X: Array) -> Array:
        """The network's outputs or probabilities: (n, d) -> (n, m)."""
        return outputs(self.network, X)

    @property
    def center(self) -> Array:
        """Means of the features over the training rows, (d,)."""
        return np.asarray(self.train.mean(axis=0))

    @property
    def scale(self) -> Array:
        """Standard deviations of the features over the training rows, (d,); 1 of a constant."""
        spread = self.train.std(axis=0)
        return np.where(is_constant(self.train) | (spread == 0), 1.0, spread)

    @property
    def deviations(self) -> Array:
        """Standard deviations of the features over the training rows, (d,); 0 of a constant."""
        return np.where(is_constant(self.train), 0.0, self.train.std(axis=0))

    @cached_property
    def output_spread(self) -> Array:
        """Standard deviations of what is explained, over the training rows, (m,); else 1."""
        output = self(self.train)
        return np.where(is_constant(output), 1.0, output.std(axis=0))


@dataclass(frozen=True)
class Explanation:
    """A linear explanation of one instance, ``intercept + coefficients · x``.

    Attributes:
        intercept: (m,).
        coefficients: (m, d), in units of the output per unit of the input.
    """

    intercept: Array
    coefficients: Array

    def __call__(self, X: Array) -> Array:
        """The explanation's values: (n, d) -> (n, m)."""
        return np.asarray(X @ self.coefficients.T + self.intercept)

    @property
    def terms(self) -> int:
        """Summands: coefficients that are not 0, and the intercepts."""
        return _terms(self.coefficients)

    @property
    def nodes(self) -> int:
        """Nodes of the explanation written as sums of products."""
        return _nodes(self.coefficients)


@dataclass(frozen=True)
class FormulaExplanation(Explanation):
    """The formula with its tangent at the instance; its values are the formula's own."""

    subject: Subject = field(repr=False)

    def __call__(self, X: Array) -> Array:
        """The formula's values: (n, d) -> (n, m)."""
        return outputs(self.subject.model, X)

    @property
    def terms(self) -> int:
        """Summands of the readouts of all layers."""
        return sum(_terms(layer.weights.T) for layer in self.subject.model.layers)

    @property
    def nodes(self) -> int:
        """Nodes of the formulas of all layers, as printed."""
        return self.subject.nodes


@dataclass(frozen=True)
class AnswerExplanation(Explanation):
    """The whole-network formulas with their tangent at the instance."""

    answers: Answers = field(repr=False)

    def __call__(self, X: Array) -> Array:
        """The formulas' values: (n, d) -> (n, m)."""
        return self.answers(X)

    @property
    def terms(self) -> int:
        """Summands of the formulas."""
        return self.answers.terms

    @property
    def nodes(self) -> int:
        """Nodes of the formulas."""
        return self.answers.nodes


def _terms(coefficients: Array) -> int:
    """Summands of linear functions, (m, d), each with an intercept."""
    return int(np.count_nonzero(coefficients)) + len(coefficients)


def _nodes(coefficients: Array) -> int:
    """A product, a number and a name a coefficient; a sum and an intercept a function."""
    return 3 * int(np.count_nonzero(coefficients)) + 2 * len(coefficients)


class Explainer(Protocol):
    """Something that has been fitted to a subject."""

    def explain(self, x: Array, seed: int) -> Explanation:
        """Explain the network at one raw row, (d,); whatever is random comes from the seed."""


Fit = Callable[[Subject, int], Explainer]


@dataclass(frozen=True)
class Kind:
    """A row of the table of explainers.

    Attributes:
        title: what it is called in print.
        fit: makes it from the subject and a seed.
        is_random: whether its explanations depend on a seed.
        module: what it imports, of a package that may not be installed, or empty.
        settings: how the package is used, for the record.
    """

    title: str
    fit: Fit
    is_random: bool = True
    module: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def require(self) -> None:
        """Make sure that the package is there, without importing it.

        Raises:
            UsageError: it is not installed.
        """
        package = self.module.partition(".")[0]
        if package and find_spec(package) is None:
            raise UsageError(
                f"this needs the package '{package}', which is not installed",
                hint="python -m pip install 'srnet[compare]' installs it",
                options=(self.title.lower(),),
            )

    def load(self) -> None:
        """Import the package, which takes seconds that no explanation should be charged for."""
        if self.module:
            with _quietly():
                import_module(self.module)


class _Formula:
    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def explain(self, x: Array, seed: int) -> Explanation:
        model = self._subject.model
        value, slopes = outputs(model, x[None])[0], gradient(model, x[None])[0]
        with np.errstate(all="ignore"):
            return FormulaExplanation(value - slopes @ x, slopes, self._subject)


class _Answer:
    def __init__(self, subject: Subject) -> None:
        assert subject.answers is not None  # it is compared only where there are some
        self._answers = subject.answers

    def explain(self, x: Array, seed: int) -> Explanation:
        value, slopes = self._answers(x[None])[0], self._answers.gradient(x[None])[0]
        with np.errstate(all="ignore"):
            return AnswerExplanation(value - slopes @ x, slopes, self._answers)


LIME_SETTINGS: Mapping[str, Any] = {
    "discretize_continuous": False,
    "feature_selection": "none",
    "num_samples": 5000,
    "sample_around_instance": False,
    "ridge_penalty": 1.0,
}
"""LIME's own defaults but for two: features are not cut into quartiles, since steps have no
coefficients to set beside a gradient, and all of them are kept. The penalty is the package's, on
features in standard deviations and weights that sum to at most ``num_samples``."""


class _Lime:
    """LIME, with a fresh explainer for every seed, since a second call on one draws on."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._is_classifier = subject.network.output_activation == "softmax"

    def explain(self, x: Array, seed: int) -> Explanation:
        if self._is_classifier:
            units = range(self._subject.network.widths[-1])
            parts = self._call(x, seed, self._subject, list(units))
        else:
            parts = [
                self._call(x, seed, self._output(unit), [1])[0]
                for unit in range(self._subject.network.widths[-1])
            ]
        return Explanation(np.array([part[0] for part in parts]), np.stack([p[1] for p in parts]))

    def _output(self, unit: int) -> Callable[[Array], Array]:
        return lambda X: self._subject(X)[:, unit]

    def _call(
        self, x: Array, seed: int, predict: Callable[[Array], Array], labels: list[int]
    ) -> list[tuple[float, Array]]:
        """Intercept and coefficients, in input units, of every label."""
        with _quietly():
            from lime.lime_tabular import LimeTabularExplainer

            explainer = LimeTabularExplainer(
                self._subject.train,
                mode="classification" if self._is_classifier else "regression",
                discretize_continuous=LIME_SETTINGS["discretize_continuous"],
                feature_selection=LIME_SETTINGS["feature_selection"],
                sample_around_instance=LIME_SETTINGS["sample_around_instance"],
                random_state=seed % 2**32,
            )
            explained = explainer.explain_instance(
                x,
                predict,
                labels=labels,
                num_features=len(x),
                num_samples=LIME_SETTINGS["num_samples"],
            )
        # Its features are (x - mean) / deviation.
        mean, deviation = explainer.scaler.mean_, explainer.scaler.scale_
        parts = []
        for label in labels:
            slopes = np.zeros(len(x))
            for feature, weight in explained.local_exp[label]:
                slopes[feature] = weight / deviation[feature]
            parts.append((float(explained.intercept[label] - slopes @ mean), slopes))
        return parts


MAPLE_ROWS = 10_000

MAPLE_SETTINGS: Mapping[str, Any] = {
    "n_estimators": 200,
    "min_samples_leaf": 10,
    "max_features": 0.5,
    "ridge_penalty": 0.001,
    "most_rows": MAPLE_ROWS,
}
"""The package's defaults, which are the author's. MAPLE takes its data to be normalised, so it is
given features in standard deviations; of more rows than ``most_rows`` it gets a random part."""

_FOREST = ("n_estimators", "min_samples_leaf", "max_features")


class _Maple:
    """MAPLE, one per output, fitted on what the network says on the training rows."""

    def __init__(self, subject: Subject, seed: int, most_rows: int = MAPLE_ROWS) -> None:
        self._mean, self._deviation = subject.center, subject.scale
        rows = subject.train
        if len(rows) > most_rows:
            chosen = np.random.default_rng(seed).permutation(len(rows))[:most_rows]
            rows = rows[np.sort(chosen)]
        truth, scaled = subject(rows), (rows - self._mean) / self._deviation
        forest = {name: MAPLE_SETTINGS[name] for name in _FOREST}
        with _quietly():
            self._explainers = [
                fit_maple(scaled, output, seed % 2**32, **forest) for output in truth.T.copy()
            ]

    def explain(self, x: Array, seed: int) -> Explanation:
        with _quietly():
            scaled = (x - self._mean) / self._deviation
            weights = np.stack([maple.explain(scaled)["coefs"] for maple in self._explainers])
        slopes = weights[:, 1:] / self._deviation
        return Explanation(weights[:, 0] - slopes @ self._mean, slopes)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep what packages warn of, mostly each other's ways, from the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


EXPLAINERS: Mapping[str, Kind] = {
    "direct": Kind("formula", lambda subject, _: _Answer(subject), is_random=False),
    "formula": Kind("SRNet", lambda subject, _: _Formula(subject), is_random=False),
    "lime": Kind(
        "LIME",
        lambda subject, _: _Lime(subject),
        module="lime.lime_tabular",
        settings=LIME_SETTINGS,
    ),
    "maple": Kind("MAPLE", _Maple, module="shap.explainers.other", settings=MAPLE_SETTINGS),
}
"""Every explainer by its name in files."""

FORMULAS = ("direct", "formula")
"""Those that are formulas of the run, which say something everywhere."""


def titles(kinds: Collection[str]) -> dict[str, str]:
    """What explainers are called in print; formulas of layers so where there are others too."""
    names = {kind: EXPLAINERS[kind].title for kind in kinds}
    return names | {"formula": "layers"} if {*FORMULAS} <= names.keys() else names
