r"""Names as LaTeX that show what the names are.

SymPy reads names as instructions: ``local`` is a calligraphic ``lo``, ``x__2`` a power. Here a name
is set letter by letter. A letter followed by digits is an index, ``x1`` as :math:`x_1`; a Greek
letter, spelled out or not, is that letter; everything else stands upright with its underscores,
so that ``x_1`` does not look like ``x1``.

The result is for math mode, needs ``amsmath``, and compiles with every engine: letters that
pdfLaTeX has no glyph for are written as their code points (``rendering.latex_words``).
"""

from __future__ import annotations

import re
from functools import cache

from srnet_cli.rendering.latex_words import escaped

GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "iota": "\u03b9",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "upsilon": "\u03c5",
    "phi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
    "Gamma": "Γ",
    "Delta": "Δ",
    "Theta": "Θ",
    "Lambda": "Λ",
    "Xi": "Ξ",
    "Pi": "Π",
    "Sigma": "Σ",
    "Upsilon": "\u03a5",
    "Phi": "Φ",
    "Psi": "Ψ",
    "Omega": "Ω",
}
_COMMANDS = {letter: f"\\{name}" for name, letter in GREEK.items()}
# Greek letters that LaTeX has no command for, as they look like Latin ones.
_LIKE_LATIN = {
    "\u0391": "A",
    "\u0392": "B",
    "\u0395": "E",
    "\u0396": "Z",
    "\u0397": "H",
    "\u0399": "I",
    "\u039a": "K",
    "\u039c": "M",
    "\u039d": "N",
    "\u039f": "O",
    "\u03a1": "P",
    "\u03a4": "T",
    "\u03a7": "X",
    "\u03bf": "o",
}
_COMMANDS |= {letter: rf"\mathrm{{{latin}}}" for letter, latin in _LIKE_LATIN.items()}

_INDEXED = re.compile(r"([^\W\d_]|[A-Za-z]{2,})(\d*)(_?)")
_OURS = re.compile(r"([ht])(\d+)_(\d+)")
_RESERVED = set("CEINOQS")


@cache
def latex_name(name: str) -> str:
    """A name as LaTeX for math mode.

    Args:
        name: any text.
    """
    if (ours := _OURS.fullmatch(name)) is not None:
        letter, layer, number = ours.groups()
        return f"{letter}_{{{layer},{number}}}"
    if (parts := _INDEXED.fullmatch(name)) is not None:
        letter = _letter(parts[1])
        if letter is not None and (not parts[3] or _may_lose_underscore(name)):
            return f"{letter}_{{{parts[2]}}}" if parts[2] else letter
    if re.fullmatch(r"[A-Za-z0-9_]+", name):
        return rf"\mathrm{{{escaped(name)}}}"
    return rf"\text{{{escaped(name)}}}"


def _letter(word: str) -> str | None:
    """The one letter that a word is or spells, in math mode."""
    if word in GREEK:
        return f"\\{word}"
    if len(word) > 1:
        return None
    if word in _COMMANDS:
        return _COMMANDS[word]
    return word if word.isascii() else rf"\text{{{escaped(word)}}}"


def _may_lose_underscore(name: str) -> bool:
    """Whether the last underscore only keeps a name apart from SymPy's: ``lambda_``, ``E_``."""
    return name[:-1] in GREEK or name[:-1] in _RESERVED
