"""Formulas as cells of a spreadsheet: a row of inputs, a formula per output beside it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import sympy
from sympy import Expr, Mul, Pow, Rational

from srnet_cli.errors import ModelError
from srnet_cli.export.code import CodeWriter, header
from srnet_cli.export.subject import Subject
from srnet_cli.expressions.writer import Text

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LONGEST = 8192
"""Characters of a formula in Excel, the equals sign included."""

COLUMNS = 16_384
"""Of a sheet."""

_ROW = 2
_LARGEST_EXPONENT = "709.78"
_LARGEST_BASE = "1E+150"


class ExcelWriter(CodeWriter):
    """Writes formulas as Excel reads them.

    There is no infinity: what overflows is an error, and an error anywhere makes the result one. So
    exponentials end at 709.78, where the next would overflow; below a line that changes nothing.
    """

    power_sign = "^"
    infinity, undefined = "(1/0)", "NA()"
    circle, euler = "PI()", "EXP(1)"
    functions: ClassVar[Mapping[str, str]] = {
        **{name: name.upper() for name in ("sin", "cos", "tan", "tanh", "sqrt", "sinh", "cosh")},
        **{name: name.upper() for name in ("asin", "acos", "atan", "erf", "erfc", "power")},
        **{"log": "LN", "Abs": "ABS", "Min": "MIN", "Max": "MAX"},
    }

    def literal(self, digits: str) -> Text:
        """The number; powers of ten as Excel writes them."""
        mantissa, _, exponent = digits.partition("e")
        return Text(f"{mantissa}E{int(exponent):+03d}" if exponent else digits)

    def power(self, base: Expr, exponent: Rational) -> Text:
        """A power as a call: of -2^2 Excel squares -2."""
        return self.power_call(base, exponent)

    def call(self, function: type[Expr], operands: Sequence[str]) -> Text:
        """The text of a function call, kept from overflowing."""
        name = function.__name__
        if name in _FORMS:
            return Text(_FORMS[name].format(*operands))
        if name == "exp":
            return Text(f"EXP(MIN({_LARGEST_EXPONENT},{operands[0]}))")
        return Text(self.named_call(name, operands))

    def named_call(self, name: str, operands: Sequence[str]) -> str:
        """The text of a call, without blanks: formulas may not be long."""
        return f"{self.functions.get(name, name)}({','.join(operands)})"

    def _written(self, expr: Expr) -> Text:
        if isinstance(expr, sympy.exp) and _is_bell(expr.args[0]):
            return self._bell(expr.args[0])
        return super()._written(expr)

    def _bell(self, exponent: Mul) -> Text:
        """``exp(-c*x**2)``: the square of what is large would be an error rather than 0."""
        factors = [self._limited(f) if isinstance(f, Pow) else self._text(f) for f in exponent.args]
        return Text(f"EXP({'*'.join(f'({self._signed(factor)})' for factor in factors)})")

    def _limited(self, power: Pow) -> Text:
        base = f"MIN(ABS({self.write(power.base)}),{_LARGEST_BASE})"
        return Text(self.named_call("power", [base, "2"]))


_FORMS = {
    "sigmoid": "IF({0}<-709.78,0,1/(1+EXP(-({0}))))",
    # log(1 + t) is 2·artanh(t/(2 + t)), which keeps the digits of a small t.
    "softplus": "(MAX({0},0)+2*ATANH(EXP(-ABS({0}))/(2+EXP(-ABS({0})))))",
    # exp(x) - 1 is 2·sinh(x/2)·exp(x/2), which keeps the digits of a small x.
    "expm1": "(2*SINH(MAX({0},-700)/2)*EXP(MAX({0},-700)/2))",
}


def _is_bell(exponent: Expr) -> bool:
    """Whether it is a negative number times a square."""
    if not isinstance(exponent, Mul) or len(exponent.args) != 2:
        return False
    number, square = exponent.args
    is_square = isinstance(square, Pow) and square.exp == 2
    return bool(number.is_Number and number.is_negative and is_square)


def render(subject: Subject) -> str:
    """Lines of cells with tabulators between them, to be pasted at A1; facts stand below."""
    heads, cells = _cells(subject)
    lines = ["\t".join(map(_as_text, heads)), "\t".join(cells), ""]
    lines += [f"'{line}" for line in header(subject) if line]
    return "\n".join(lines) + "\n"


def pack(subject: Subject) -> bytes:
    """A workbook: the row of cells, and a sheet with what is known of them.

    Raises:
        ModelError: a formula is too long, or openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook
    except ImportError:
        raise ModelError(
            "workbooks need openpyxl; pip install 'srnet[excel]'",
            hint="without a file, cells are printed to be pasted",
        ) from None
    heads, cells = _cells(subject)
    book = Workbook()
    sheet = book.active
    sheet.title = "formulas"
    for column, (head, cell) in enumerate(zip(heads, cells, strict=True), 1):
        _write_text(sheet, 1, column, head)
        if cell.startswith("="):
            sheet.cell(_ROW, column, cell)
        else:
            sheet.cell(_ROW, column, float(cell))
    about = book.create_sheet("about")
    for row, line in enumerate(header(subject), 1):
        _write_text(about, row, 1, line)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _cells(subject: Subject) -> tuple[list[str], list[str]]:
    """(heads, cells) of a row: inputs in the middle of their intervals, then formulas."""
    count = len(subject.inputs) + len(subject.steps) + len(subject.outputs)
    if count + bool(subject.classes) > COLUMNS:
        raise ModelError(
            f"a sheet has {COLUMNS} columns, the formulas need {count}",
            hint="export a single layer, or simpler formulas",
            remedies=("layer", "complexity"),
        )
    names = {symbol: f"{letters(i)}{_ROW}" for i, symbol in enumerate(subject.variables)}
    writer = ExcelWriter(names)
    heads = list(subject.columns)
    cells = [repr(0.5 * read.low + 0.5 * read.high) for read in subject.inputs]
    for name, expr in _formulas(subject):
        heads.append(name)
        cells.append(f"={writer.code(expr)}")
        _check_length(name, cells[-1])
    if subject.classes:
        first = letters(len(cells) - len(subject.outputs))
        scores = f"{first}{_ROW}:{letters(len(cells) - 1)}{_ROW}"
        labels = ",".join(f'"{_doubled(name)}"' for name in subject.classes)
        heads.append("decision")
        cells.append(f"=CHOOSE(MATCH(MAX({scores}),{scores},0),{labels})")
        _check_length("decision", cells[-1])
    return heads, cells


def _formulas(subject: Subject) -> Iterator[tuple[str, Expr]]:
    yield from ((symbol.name, expr) for symbol, expr in subject.steps)
    yield from ((output.label, output.expression) for output in subject.outputs)


def _check_length(name: str, cell: str) -> None:
    if len(cell) > LONGEST:
        raise ModelError(
            f"the formula of {name} has {len(cell)} characters, a cell of Excel takes {LONGEST}",
            hint="choose simpler formulas, or another format",
            remedies=("complexity", "fidelity", "composition"),
        )


def letters(column: int) -> str:
    """What Excel calls a column, from 0: A, …, Z, AA, …"""
    name = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _doubled(text: str) -> str:
    return text.replace('"', '""')


def _as_text(cell: str) -> str:
    """Text that a sheet takes for text: an equals sign, or the like, would begin a formula."""
    line = " ".join(cell.split())
    return f"'{line}" if line[:1] in ("=", "+", "-", "@", "'") else line


def _write_text(sheet: Worksheet, row: int, column: int, text: str) -> None:
    """Text that is never read as a formula."""
    cell = sheet.cell(row, column, text)
    cell.data_type = "s"
