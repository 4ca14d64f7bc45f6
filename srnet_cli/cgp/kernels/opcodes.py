"""The opcodes that kernels branch on, as constants that the compiler sees."""

from __future__ import annotations

from srnet_cli.primitives import BY_NAME

ADD = BY_NAME["add"].opcode
SUB = BY_NAME["sub"].opcode
MUL = BY_NAME["mul"].opcode
DIV = BY_NAME["div"].opcode
SQRT = BY_NAME["sqrt"].opcode
SQUARE = BY_NAME["square"].opcode
LOG = BY_NAME["log"].opcode
SIN = BY_NAME["sin"].opcode
COS = BY_NAME["cos"].opcode
TAN = BY_NAME["tan"].opcode
EXP = BY_NAME["exp"].opcode
TANH = BY_NAME["tanh"].opcode
SIGMOID = BY_NAME["sigmoid"].opcode
ABS = BY_NAME["abs"].opcode
MIN = BY_NAME["min"].opcode
MAX = BY_NAME["max"].opcode
INVERSE = BY_NAME["inverse"].opcode
CUBE = BY_NAME["cube"].opcode
GAUSSIAN = BY_NAME["gaussian"].opcode
