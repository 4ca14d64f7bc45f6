"""The symbolic network: layers of expressions, each with its linear readout."""

from srnet_cli.model.symbolic import LayerValues, SymbolicLayer, SymbolicNetwork

__all__ = ["LayerValues", "SymbolicLayer", "SymbolicNetwork"]
