"""A run in Python: its formulas as SymPy, its fronts as tables, predictions, plots, answers."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr

from srnet_cli.api.answer import Answer
from srnet_cli.api.notebook import front_table
from srnet_cli.api.tables import composition_frame, front_frame, rows_of
from srnet_cli.errors import UsageError
from srnet_cli.expressions.printers import as_latex, as_mathml
from srnet_cli.expressions.trees import substitute
from srnet_cli.fidelity.labels import NO_CLASS, decided
from srnet_cli.fronts.formulas import NetworkFormulas
from srnet_cli.metrics import r2 as r2_of
from srnet_cli.model import SymbolicNetwork
from srnet_cli.networks import NetworkQuality, TrainedNetwork
from srnet_cli.networks.activations import softmax
from srnet_cli.rendering.latex import upright
from srnet_cli.runs.choice import Choice
from srnet_cli.runs.run import FittedRun, read_run
from srnet_cli.runs.selection import Selection, select_from

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Array = NDArray[np.float64]


class Run:
    """A network and the formulas that were found of it.

    Which formulas are meant is said the same way everywhere, and as on the command line:
    ``fidelity=0.99`` means the simplest that keep so much of the greatest R², ``complexity=12`` the
    most faithful of at most so many nodes, neither the knee of the front; ``composition=True`` the
    formulas of the layers, one after the other, instead of those straight from the inputs.

    Args:
        path: the run folder.

    Attributes:
        path: the run folder.

    Raises:
        UsageError: the folder holds no run, or one that has found nothing.
        StorageError, ModelError: the run is damaged.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._fitted = read_run(self.path)
        self._kept_network = self._fitted.network

    def with_network(self, network: TrainedNetwork) -> Run:
        """The same run with its network at hand, where the folder keeps values of it only."""
        other = object.__new__(type(self))
        other.path, other._kept_network = self.path, self._kept_network
        other._fitted = replace(self._fitted, network=network)
        return other

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the inputs, d of them."""
        return tuple(self._fitted.model.features)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what the formulas say: the target, or the scores of the classes."""
        return tuple(self._fitted.output_names)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of a classifier's classes; empty where outputs are numbers."""
        return tuple(self._fitted.classes) if self._fitted.has_classes else ()

    @property
    def network(self) -> TrainedNetwork:
        """The network, as the run keeps it."""
        return self._fitted.network

    @property
    def model(self) -> SymbolicNetwork:
        """The layers as the search has found them: expressions and readouts."""
        return self._fitted.model

    @property
    def quality(self) -> NetworkQuality | None:
        """How good the network itself is on held-out rows, where the truth is known."""
        return self._fitted.inputs.quality

    @property
    def formula(self) -> Expr:
        """The formula that answers, of the only output; see ``formulas``.

        Raises:
            UsageError: there are several outputs.
        """
        formulas = self.formulas()
        if len(formulas) > 1:
            names = ", ".join(formulas)
            raise UsageError(f"there are {len(formulas)} outputs ({names}); see formulas()")
        return next(iter(formulas.values()))

    def formulas(
        self,
        *,
        fidelity: float | None = None,
        complexity: int | None = None,
        composition: bool = False,
    ) -> dict[str, Expr]:
        """The formula of every output over the inputs, by name of the output.

        SymPy expressions as they are printed: operations are in the order in which they are read,
        which ``sympy.simplify`` and arithmetic may change. Of two classes there is one formula, the
        second's score less the first's.

        Args:
            fidelity, complexity, composition: which formulas, see ``Run``.

        Raises:
            UsageError: a choice that there is not, or a run that has not finished.
        """
        selection = self._select(fidelity, complexity, composition)
        if selection.formulas is not None:
            expressions = [formula.expression for formula in selection.formulas]
            return dict(zip(selection.names, expressions, strict=True))
        from srnet_cli.export.subject import subject_of

        subject = subject_of(selection)
        whole: dict[Expr, Expr] = {}
        for symbol, step in subject.steps:
            whole[symbol] = substitute(step, whole)
        return {out.label: substitute(out.expression, whole) for out in subject.outputs}

    @property
    def front(self) -> pd.DataFrame:
        """All formulas straight from the inputs, from the simplest to the most faithful.

        A row per formula; columns: ``output``, ``complexity`` (nodes), ``unexplained`` (1−R² to the
        network on the rows that judge), ``formula`` (a SymPy expression), ``is_answer`` (whether it
        is the knee). Empty where the strategy does not search for such formulas.
        """
        return front_frame(self._fitted.formulas)

    @property
    def compositions(self) -> pd.DataFrame:
        """What layers there are to choose from, from the most faithful to the simplest.

        A row per composition; columns: ``complexity`` (nodes of all layers), ``unexplained`` (1−R²
        of the output on the rows that judge), ``picks`` (the members of the layers' fronts).
        """
        stored = self._fitted.fronts
        return composition_frame(None if stored is None else stored.fronts)

    @property
    def structure(self) -> dict[str, tuple[str, ...]]:
        """What was found to hold of the network, sentences by output."""
        formulas = self._fitted.formulas
        if formulas is None or not formulas.structure:
            return {}
        names = [front.output for front in formulas.fronts]
        return dict(zip(names, formulas.structure, strict=True))

    def explain(
        self,
        *hypotheses: str,
        fidelity: float | None = None,
        complexity: int | None = None,
        digits: int | None = None,
        full: bool = False,
    ) -> Answer:
        """What ``srnet explain`` prints, as a value that notebooks show.

        Args:
            hypotheses: formulas of your own to set beside those found, such as ``"k*x**2/2"``.
            fidelity, complexity: which formulas, see ``Run``.
            digits: significant digits of numbers; None: the fewest that keep R².
            full: whether long formulas and wide layers are shown in full.

        Raises:
            UsageError: a choice that there is not, or a hypothesis that cannot be read.
        """
        from srnet_cli.explain.document import document
        from srnet_cli.explain.explaining import explain
        from srnet_cli.rendering.document import Display

        choice = Choice(fidelity, complexity)
        choice.check()
        explanation = explain(self._fitted, digits, choice, hypotheses=hypotheses)
        return Answer(document(explanation, Display(full)))

    def explain_at(self, **inputs: float) -> Answer:
        """Formula, network and their slopes at given inputs, as ``srnet explain --at``.

        Args:
            inputs: a number per input, by name.

        Raises:
            UsageError: an input is missing or unknown.
        """
        from srnet_cli.explain.point import document, explain_at
        from srnet_cli.rendering.document import BRIEF
        from srnet_cli.runs.choice import DEFAULT, chosen

        at = ",".join(f"{name}={value!r}" for name, value in inputs.items())
        return Answer(document(explain_at(chosen(self._fitted, DEFAULT)[0], at), BRIEF))

    def predict(
        self,
        X: Any,
        *,
        fidelity: float | None = None,
        complexity: int | None = None,
        composition: bool = False,
    ) -> NDArray[Any]:
        """What the formulas say of rows.

        Args:
            X: (n, d), in the order of ``features``; or a DataFrame with these columns.
            fidelity, complexity, composition: which formulas, see ``Run``.

        Returns:
            numbers, (n,), or (n, m) of several outputs, NaN or infinite where a formula has no
            value; of a classifier labels, (n,), the text ``""`` where it has none.

        Raises:
            UsageError: a choice that there is not.
            DataError: the rows lack an input.
        """
        values = self.scores(X, fidelity=fidelity, complexity=complexity, composition=composition)
        if not self.classes:
            return values[:, 0] if values.shape[1] == 1 else values
        assert NO_CLASS == -1
        return np.array([*self.classes, ""])[decided(values)]

    def predict_proba(self, X: Any, **choice: Any) -> Array:
        """The formulas' probability of every class, (n, classes).

        Args:
            X: (n, d), or a DataFrame.
            choice: which formulas, see ``Run``.

        Raises:
            UsageError: the network is no classifier.
        """
        if not self.classes:
            raise UsageError("the network is no classifier: it has no probabilities")
        return softmax(self.scores(X, **choice))

    def scores(
        self,
        X: Any,
        *,
        fidelity: float | None = None,
        complexity: int | None = None,
        composition: bool = False,
    ) -> Array:
        """The network's outputs by the formulas, (n, m): a score per class of a classifier.

        Arguments and errors are those of ``predict``.
        """
        return self._select(fidelity, complexity, composition).outputs(self._inputs(X))

    def predict_network(self, X: Any) -> Array:
        """The network's own outputs, (n, m), a score per class of a classifier.

        Raises:
            ModelError: it was a function in another process, and is known by its values on the
                run's own rows only.
        """
        return self._fitted.network.predict(self._inputs(X))

    def fidelity(self, X: Any = None, **choice: Any) -> float:
        """R² of the formulas to the network, of all outputs together; of a classifier the share of
        rows on which they name the network's class.

        Args:
            X: rows, (n, d); None: those that were held out.
            choice: which formulas, see ``Run``.
        """
        rows = self._fitted.assessment.judged.X if X is None else self._inputs(X)
        if self.classes:
            labels = np.array(self.classes)[self._fitted.network.labels(rows)]
            return float(np.mean(self.predict(rows, **choice) == labels))
        predicted = np.reshape(self.predict(rows, **choice), (len(rows), -1))
        return float(r2_of(self._fitted.network.predict(rows), predicted))

    def compare(self, *, lime: bool = False, maple: bool = False, instances: int = 100) -> Answer:
        """The formulas beside other explainers on held-out rows, as ``srnet compare``.

        Args:
            lime, maple: whether to run these beside them; they need ``srnet[compare]``.
            instances: of so many rows.

        Raises:
            UsageError: a package is missing.
        """
        from srnet_cli.compare.comparing import run
        from srnet_cli.compare.document import document
        from srnet_cli.reporting import Silent

        compared = run(
            [str(self.path)], lime=lime, maple=maple, instances=instances, reporter=Silent()
        )
        return Answer(document(compared))

    def export(
        self,
        to: str,
        output: Path | str | None = None,
        *,
        fidelity: float | None = None,
        complexity: int | None = None,
        composition: bool = False,
        force: bool = False,
    ) -> str | None:
        """The formulas in a format that other programs read, as ``srnet export``.

        Args:
            to: ``python``, ``numpy``, ``c``, ``latex``, ``onnx``, ``torch`` and others.
            output: the file to write; None: the text is returned.
            fidelity, complexity, composition: which formulas, see ``Run``.
            force: whether a file that exists is replaced.

        Raises:
            UsageError: no such format, or a file that exists.
            ModelError: the format has no room for the formulas, or misses a package.
        """
        from srnet_cli.export import exporting

        return exporting.run(
            str(self.path),
            to,
            output=None if output is None else Path(output),
            choice=Choice(fidelity, complexity),
            composition=composition,
            force=force,
        )

    def plot_front(self) -> Figure:
        """1−R² against complexity of all formulas, the answer marked."""
        from srnet_cli.api.plots import front_plot

        return front_plot(self.front)

    def plot_parity(self, X: Any = None, **choice: Any) -> Figure:
        """What the formulas give against what the network gives, an axis per output.

        Args:
            X: rows, (n, d); None: those that were held out.
            choice: which formulas, see ``Run``.
        """
        from srnet_cli.api.plots import parity_plot

        rows = self._fitted.assessment.judged.X if X is None else self._inputs(X)
        predicted = self._select(**choice).outputs(rows)
        return parity_plot(self._fitted.network.predict(rows), predicted, self.outputs)

    def plot_effects(self, inputs: list[str] | None = None, **choice: Any) -> Figure:
        """The effect of each input on the first output: partial dependence of network and formula.

        The mean output over held-out rows while one input is set to each value of its range.

        Args:
            inputs: which inputs; None: all, at most 12.
            choice: which formulas, see ``Run``.

        Raises:
            UsageError: there is no such input.
        """
        from srnet_cli.api.plots import effects_plot

        wanted = list(self.features[:12]) if inputs is None else inputs
        for name in wanted:
            if name not in self.features:
                raise UsageError(f"no input '{name}' (inputs: {', '.join(self.features)})")
        selection = self._select(**choice)
        return effects_plot(
            self._fitted.assessment.judged.X,
            {self.features.index(name): name for name in wanted},
            {"network": self._fitted.network.predict, "formula": selection.outputs},
            self.outputs[0],
        )

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def __getstate__(self) -> dict[str, Any]:
        """Formulas travel as text, as SymPy would put their operations in another order; of the
        network what the folder keeps, as functions cannot travel."""
        fitted = {entry.name: getattr(self._fitted, entry.name) for entry in fields(self._fitted)}
        formulas = fitted.pop("formulas")
        fitted["network"] = self._kept_network
        return {
            "path": self.path,
            "fitted": fitted,
            "formulas": None if formulas is None else formulas.to_dict(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        record = state["formulas"]
        formulas = None if record is None else NetworkFormulas.from_dict(record)
        self.path = state["path"]
        self._fitted = FittedRun(**state["fitted"], formulas=formulas)
        self._kept_network = self._fitted.network

    def _repr_latex_(self) -> str:
        lines = [
            rf"{upright(name)} &= {as_latex(formula)}" for name, formula in self._answer().items()
        ]
        return "$$\n\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}\n$$"

    def _repr_html_(self) -> str:
        answer = self._answer().items()
        equations = "".join(as_mathml(formula, name) for name, formula in answer)
        table = "" if self._fitted.formulas is None else front_table(self._fitted.formulas)
        return f'<div class="srnet"><p>{escape(self._worth())}</p>{equations}{table}</div>'

    def _answer(self) -> dict[str, Expr]:
        return self.formulas() if self._fitted.is_done else {}

    def _worth(self) -> str:
        if not self._fitted.is_done:
            return f"{self.path}: not finished"
        return f"{self.path.name}: {'; '.join(self._selected.worth())}"

    @cached_property
    def _selected(self) -> Selection:
        return select_from(self._fitted)

    def _select(
        self,
        fidelity: float | None = None,
        complexity: int | None = None,
        composition: bool = False,
    ) -> Selection:
        if fidelity is None and complexity is None and not composition:
            return self._selected
        return select_from(self._fitted, Choice(fidelity, complexity), composition=composition)

    def _inputs(self, X: Any) -> Array:
        """Rows as numbers, (n, d)."""
        return rows_of(X, self.features)
