"""Opcodes of the functions that some kernels treat in ways of their own, as constants."""

from __future__ import annotations

from srnet_cli.primitives import BY_NAME

ADD = BY_NAME["add"].opcode
SUB = BY_NAME["sub"].opcode
MUL = BY_NAME["mul"].opcode
DIV = BY_NAME["div"].opcode
SQRT = BY_NAME["sqrt"].opcode
SQUARE = BY_NAME["square"].opcode
ABS = BY_NAME["abs"].opcode
CUBE = BY_NAME["cube"].opcode
INVERSE = BY_NAME["inverse"].opcode
SIGMOID = BY_NAME["sigmoid"].opcode
GAUSSIAN = BY_NAME["gaussian"].opcode
