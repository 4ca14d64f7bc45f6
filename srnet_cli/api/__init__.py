"""The Python interface: what the command line does, in a few lines.

    import srnet_cli.api as srnet

    run = srnet.fit("configs/quickstart.yaml")  # a config, as ``srnet fit`` takes it
    run = srnet.fit_network(model, X)  # or a network at hand, and rows that it takes
    run.formula, run.front, run.predict(X), run.explain(), run.plot_front()

``SymbolicExplainer`` and ``SymbolicRegressor`` do the same as estimators of scikit-learn. Errors
are those of ``srnet_cli.errors``; their text names the arguments. What is slow to import is
imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from srnet_cli.api.answer import Answer
    from srnet_cli.api.estimators import SymbolicExplainer, SymbolicRegressor
    from srnet_cli.api.fitting import fit, fit_network, list_runs, open_run
    from srnet_cli.api.run import Run
    from srnet_cli.api.settings import load_config, make_config
    from srnet_cli.errors import SrnetError

_PLACES = {
    "Answer": "srnet_cli.api.answer",
    "Run": "srnet_cli.api.run",
    "SrnetError": "srnet_cli.errors",
    "SymbolicExplainer": "srnet_cli.api.estimators",
    "SymbolicRegressor": "srnet_cli.api.estimators",
    "fit": "srnet_cli.api.fitting",
    "fit_network": "srnet_cli.api.fitting",
    "list_runs": "srnet_cli.api.fitting",
    "load_config": "srnet_cli.api.settings",
    "make_config": "srnet_cli.api.settings",
    "open_run": "srnet_cli.api.fitting",
}

__all__ = [
    "Answer",
    "Run",
    "SrnetError",
    "SymbolicExplainer",
    "SymbolicRegressor",
    "fit",
    "fit_network",
    "list_runs",
    "load_config",
    "make_config",
    "open_run",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
