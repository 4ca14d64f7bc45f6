"""Words, and names in formulas, as LaTeX for text mode that every engine sets."""

from __future__ import annotations

import unicodedata

from srnet_cli.rendering.plain import plain

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # By its number: the encoding OT1 has no name for it.
    '"': r"\char34{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": "{-}",  # two of them would become a dash
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\u00a0": "~",
    "²": r"\textsuperscript{2}",
    "³": r"\textsuperscript{3}",
    "°": r"\textdegree{}",
    "µ": r"$\mu$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "÷": r"$\div$",
    "·": r"$\cdot$",
    "−": r"$-$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≠": r"$\neq$",
    "≈": r"$\approx$",
    "∞": r"$\infty$",
    "√": r"$\surd$",
    "∂": r"$\partial$",
    "∇": r"$\nabla$",
    "→": r"$\to$",
    "←": r"$\leftarrow$",
    "–": "--",
    "—": "---",
    "\u2018": r"\textquoteleft{}",
    "\u2019": r"\textquoteright{}",
    "\u201c": r"\textquotedblleft{}",
    "\u201d": r"\textquotedblright{}",
    "…": r"\ldots{}",
    "€": r"\texteuro{}",
    "Å": r"\AA{}",
}
_SMALL = {
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
    *("lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi"),
    "omega",
}
_CAPITAL = {
    *("gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega"),
}


def escaped(words: str) -> str:
    """Words as LaTeX that every engine sets, and that read the same; Greek letters in math mode.

    A character that pdfLaTeX has no glyph for is written as its code point.
    """
    return "".join(map(_character, unicodedata.normalize("NFC", plain(words))))


def length(words: str) -> int:
    """Letters that words take; a character that is written as its code point takes several."""
    return len(words) + sum(
        len("U+0000") - 1 for character in words if "U+" in _character(character)
    )


def _character(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    # The letters that the encoding utf8 of pdfLaTeX has accents for.
    if character.isascii() or "\u00c0" <= character <= "\u017f":
        return character
    return _greek(character) or rf"\texttt{{U+{ord(character):04X}}}"


def _greek(character: str) -> str:
    """A Greek letter without accents; empty for others, and for those that LaTeX has no name of."""
    words = unicodedata.name(character, "").lower().replace("lamda", "lambda").split()
    match words:
        case ["greek", "small", "letter", name] if name in _SMALL:
            return rf"$\{name}$"
        case ["greek", "small", "letter", "final", "sigma"]:
            return r"$\varsigma$"
        case ["greek", "capital", "letter", name] if name in _CAPITAL:
            return rf"$\{name.capitalize()}$"
    return ""
