"""Draw the pictures of ``docs/gallery.md``: ``python docs/make_gallery.py``, a few minutes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import srnet_cli.api as srnet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = Path(__file__).parent / "pictures"
DPI = 80


def acceleration(folder: Path) -> srnet.Run:
    """The quickstart's network."""
    config = Path(__file__).parents[1] / "configs" / "quickstart.yaml"
    return srnet.fit(config, {"evolution.max_evaluations": 60_000}, run_dir=folder / "quickstart")


def oscillation(folder: Path) -> srnet.Run:
    """A network of scikit-learn that has learned a damped oscillation."""
    rng = np.random.default_rng(0)
    X = rng.uniform([0.0, 0.5], [6.0, 1.5], (600, 2))
    y = np.exp(-0.3 * X[:, 0]) * np.cos(2.0 * X[:, 1] * X[:, 0])
    network = MLPRegressor(
        hidden_layer_sizes=(24, 24),
        activation="tanh",
        solver="lbfgs",
        max_iter=4000,
        random_state=0,
    )
    model = make_pipeline(StandardScaler(), network).fit(X, y)
    return srnet.fit_network(
        model,
        X,
        y,
        features=["time", "frequency"],
        target="swing",
        strategy="direct",
        max_evaluations=60_000,
        run_dir=folder / "oscillation",
    )


def flowers(folder: Path) -> srnet.Run:
    """A classifier of scikit-learn's irises."""
    iris = load_iris()
    names = [name.removesuffix(" (cm)").replace(" ", "_") for name in iris.feature_names]
    network = MLPClassifier(hidden_layer_sizes=(8,), alpha=0.1, max_iter=3000, random_state=0)
    model = make_pipeline(StandardScaler(), network).fit(iris.data, iris.target_names[iris.target])
    return srnet.fit_network(
        model,
        iris.data,
        features=names,
        target="species",
        strategy="direct",
        max_evaluations=30_000,
        run_dir=folder / "flowers",
    )


def drawn(name: str, figure: Figure) -> None:
    """Write a picture, small enough for a page."""
    options: dict[str, Any] = {"dpi": DPI, "metadata": {"Software": None}}
    figure.savefig(PICTURES / f"{name}.png", **options, pil_kwargs={"optimize": True})


RUNS: dict[str, Callable[[Path], srnet.Run]] = {
    "acceleration": acceleration,
    "oscillation": oscillation,
    "flowers": flowers,
}


def main() -> None:
    """All pictures; what is found is printed, for the page."""
    with tempfile.TemporaryDirectory() as folder:
        for name, make in RUNS.items():
            run = make(Path(folder))
            print(name, run.quality, f"fidelity {run.fidelity():.4f}", sep="\n  ")
            for output, formula in run.formulas().items():
                print(f"  {output} = {formula}")
            drawn(f"{name}-front", run.plot_front())
            drawn(f"{name}-parity", run.plot_parity())
            drawn(f"{name}-effects", run.plot_effects())


if __name__ == "__main__":
    main()
