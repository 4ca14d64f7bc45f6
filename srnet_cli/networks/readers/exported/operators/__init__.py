"""What PyTorch's operators are in ONNX: every operator is a row of the table of its family.

Names of arguments and their defaults are those of ATen's ``native_functions.yaml``.
"""

from __future__ import annotations

from srnet_cli.networks.readers.exported.operators.calls import Operator
from srnet_cli.networks.readers.exported.operators.elementwise import ELEMENTWISE
from srnet_cli.networks.readers.exported.operators.linear import LINEAR
from srnet_cli.networks.readers.exported.operators.passing import PASSING
from srnet_cli.networks.readers.exported.operators.pooling import POOLING
from srnet_cli.networks.readers.exported.operators.reductions import REDUCTIONS
from srnet_cli.networks.readers.exported.operators.shapes import SHAPES

OPERATORS: dict[str, Operator] = {
    **ELEMENTWISE,
    **LINEAR,
    **REDUCTIONS,
    **POOLING,
    **SHAPES,
    **PASSING,
}
"""How every operator is written, by its name in a program."""
