"""Estimators as scikit-learn has them: one explains a network, one fits data by way of one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data
from sympy import Expr

from srnet_cli.api.fitting import fit_network, fitted_run, kept_rows
from srnet_cli.api.run import Run
from srnet_cli.api.settings import make_config
from srnet_cli.errors import DataError, ModelError, UsageError
from srnet_cli.networks.activations import softmax
from srnet_cli.runs.choice import Choice

Array = NDArray[np.float64]
T = TypeVar("T")

_LEAST_ROWS = 4  # of which one is held out, and one selects


@dataclass(eq=False, repr=False, kw_only=True)
class _Symbolic(BaseEstimator):  # type: ignore[misc]
    """What both have: parameters of the search, which formulas answer, where the run is kept."""

    strategy: str = "auto"
    max_seconds: float | None = None
    fidelity: float | None = None
    complexity: int | None = None
    evolution: Mapping[str, Any] | None = None
    random_state: Any = 0
    run_dir: Path | str | None = None
    run_: Run = field(init=False)

    @property
    def formula_(self) -> Expr:
        """The formula that predicts, of the only output.

        Raises:
            UsageError: there are several; see ``formulas_``.
        """
        formulas = self.formulas_
        return next(iter(formulas.values())) if len(formulas) == 1 else self.run_.formula

    @property
    def formulas_(self) -> dict[str, Expr]:
        """The formulas that predict, by name of the output."""
        check_is_fitted(self)
        return self.run_.formulas(**self._choice())

    def _choice(self) -> dict[str, Any]:
        return {"fidelity": self.fidelity, "complexity": self.complexity}

    def _settings(self) -> dict[str, Any]:
        """Settings of the search."""
        settings = {"strategy": self.strategy, **(self.evolution or {})}
        return (
            settings if self.max_seconds is None else {"max_seconds": self.max_seconds} | settings
        )

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _fitted(self, make: Callable[[Path], Run]) -> Run:
        """The run that is made in the folder asked for, or in one that is dropped once it is read.

        Raises:
            ValueError: the rows, the network or the parameters cannot be used.
        """
        try:
            Choice(self.fidelity, self.complexity).check()
            with tempfile.TemporaryDirectory(prefix="srnet-") as folder:
                return make(Path(folder))
        except (UsageError, DataError, ModelError) as error:
            raise ValueError(str(error)) from error

    def _scores(self, X: Any) -> Array:
        """What the formulas say, (n, m)."""
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        return self.run_.scores(rows, **self._choice())

    def _repr_html_(self) -> str:
        """The run's formulas, once there are any."""
        return self.run_._repr_html_() if hasattr(self, "run_") else str(super()._repr_html_())


@dataclass(eq=False, repr=False, kw_only=True)
class SymbolicRegressor(RegressorMixin, _Symbolic):  # type: ignore[misc]
    """Formulas of data, by way of a network: it trains a small network, and reads that.

    The network smooths what is noise in the data and can be asked anywhere, which the search makes
    use of; the price is that formulas are as good as the network. R² of the network itself is
    ``run_.quality``. The formula that predicts is chosen by its faithfulness to the network on
    rows that were held out; all others are in ``run_.front``.

    Args:
        hidden: units of the network's hidden layers.
        activation: of these: ``tanh``, ``sigmoid`` or ``relu``.
        train: further settings of the training, the keys of ``network.train`` in a config.
        strategy: ``direct`` for formulas straight from the inputs, ``auto`` for those of the layers
            too.
        max_seconds: time that the search may take; results then depend on the machine. None: until
            it ends by itself.
        fidelity: the simplest formula that keeps so much of the greatest R² predicts.
        complexity: the most faithful formula of at most so many nodes predicts. With neither, the
            knee of the front.
        evolution: further settings of the search, the keys of ``evolution`` in a config.
        random_state: decides every random number.
        run_dir: folder to keep the run in, for ``open_run`` and the command line; None: it is not
            kept.

    Attributes:
        run_: the run: front, plots, predictions of other formulas.
        formula_: the formula that predicts, a SymPy expression.
        n_features_in_, feature_names_in_: as scikit-learn has them.
    """

    hidden: tuple[int, ...] = field(default=(16, 16), kw_only=False)
    activation: str = "tanh"
    train: Mapping[str, Any] | None = None
    strategy: str = "direct"

    def fit(self, X: Any, y: Any) -> Self:
        """Train a network on the rows and search for its formulas.

        Args:
            X: (n, d), at least 4 rows.
            y: (n,).

        Raises:
            ValueError: rows or parameters that cannot be used.
        """
        X, y = validate_data(
            self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=_LEAST_ROWS
        )
        names = _names(self)
        train = {"hidden": self.hidden, "activation": self.activation, **(self.train or {})}

        def make(folder: Path) -> Run:
            experiment = make_config(
                "regressor",
                dataset={"rows": kept_rows(X, y.astype(np.float64), names, folder), "target": "y"},
                network={"train": train},
                evolution=self._settings(),
                seed=self._seed(),
            )
            return fitted_run(experiment, self.run_dir or folder / "run")

        self.run_ = self._fitted(make)
        return self

    def predict(self, X: Any) -> Array:
        """What the formula says of rows, (n,); NaN or infinite where it has no value."""
        return self._scores(X)[:, 0]


def _is_classifier(explainer: SymbolicExplainer) -> bool:
    if hasattr(explainer, "run_"):
        return bool(explainer.run_.classes)
    return _type_of(explainer.estimator) == "classifier"


@dataclass(eq=False, repr=False, kw_only=True)
class SymbolicExplainer(MetaEstimatorMixin, _Symbolic):  # type: ignore[misc]
    """Formulas of an estimator: it predicts what the estimator predicts, and says how.

    Args:
        estimator: a fitted estimator of scikit-learn, a PyTorch module, or any function of rows.
            One of scikit-learn that is not fitted yet is fitted, as a clone, when ``fit`` is given
            targets.
        strategy: ``auto`` for formulas of the layers and straight from the inputs, ``direct`` for
            the latter alone.
        max_seconds, fidelity, complexity, evolution, random_state, run_dir: as of
            ``SymbolicRegressor``.

    Attributes:
        estimator_: the estimator that is explained.
        run_: the run: front, plots, predictions of other formulas.
        formulas_: the formulas that predict, SymPy expressions by output.
        classes_: of a classifier, its labels.
        n_features_in_, feature_names_in_: as scikit-learn has them.
    """

    estimator: Any = field(kw_only=False)

    def fit(self, X: Any, y: Any = None) -> Self:
        """Search for the formulas of the estimator on rows.

        Args:
            X: (n, d), rows that the estimator takes, at least 4; a quarter is held out.
            y: (n,), what an estimator that is not fitted yet is fitted to; of others unused.

        Raises:
            ValueError: rows, estimator or parameters that cannot be used.
        """
        if _has_to_be_fitted(self.estimator):
            if y is None:
                raise ValueError(
                    f"requires y to be passed, but the target y is None: the "
                    f"{type(self.estimator).__name__} is not fitted yet"
                )
            rows, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=_LEAST_ROWS)
            self.estimator_ = clone(self.estimator).fit(X if _names(self) else rows, y)
        else:
            rows = validate_data(self, X, dtype=np.float64, ensure_min_samples=_LEAST_ROWS)
            self.estimator_ = self.estimator

        def make(folder: Path) -> Run:
            return fit_network(
                self.estimator_,
                rows,
                features=_names(self) or None,
                name="explainer",
                run_dir=self.run_dir or folder / "run",
                seed=self._seed(),
                **self._settings(),
            )

        self.run_ = self._fitted(make)
        if self.run_.classes:
            self.classes_ = np.asarray(getattr(self.estimator_, "classes_", self.run_.classes))
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """What the formulas say of rows: numbers, (n,) or (n, m), or labels, (n,)."""
        scores = self._scores(X)
        if not self.run_.classes:
            return scores[:, 0] if scores.shape[1] == 1 else scores
        # Where formulas have no value, they name the first class.
        place = np.where(np.isfinite(scores), scores, -np.inf).argmax(axis=1)
        return np.asarray(self.classes_[place])

    @available_if(_is_classifier)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Array:
        """The formulas' probability of every class, (n, classes)."""
        return softmax(np.nan_to_num(self._scores(X)))

    def score(self, X: Any, y: Any = None) -> float:
        """R², or the share of right labels.

        Args:
            X: (n, d).
            y: (n,), the truth; None: what the estimator says, which is the fidelity.
        """
        truth = self.estimator_.predict(X) if y is None else y
        measure = accuracy_score if self.run_.classes else r2_score
        return float(measure(truth, self.predict(X)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        kind = _type_of(self.estimator)
        tags.estimator_type = kind
        tags.target_tags.required = _has_to_be_fitted(self.estimator)
        inner = get_tags(self.estimator) if hasattr(self.estimator, "get_params") else None
        if inner is not None:
            tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
            tags.target_tags.single_output = True
        return tags


def _names(estimator: Any) -> tuple[str, ...]:
    return tuple(map(str, getattr(estimator, "feature_names_in_", ())))


def _type_of(estimator: Any) -> str | None:
    """``classifier``, ``regressor``, or None where that is not known."""
    if not hasattr(estimator, "__sklearn_tags__"):
        return None
    kind = get_tags(estimator).estimator_type
    return None if kind is None else str(kind)


def _has_to_be_fitted(estimator: Any) -> bool:
    """Whether it is an estimator of scikit-learn that has not been fitted."""
    if not hasattr(estimator, "get_params"):
        return False
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return True
    return False
