"""Words for image expressions: ``ab(a)`` is an output, ``ba(ab(a))`` a reconstruction."""

import re
from collections.abc import Iterable, Sequence

WORD = re.compile(r"[^\s()]+")


def column_words(columns: Sequence[str], generators: Iterable[str] = ()) -> list[str]:
    """Return a plain word for each column of a grid.

    Args:
        columns: image expressions, such as ``["a", "ab(a)", "ba(ab(a))", "ab(b)"]``.
        generators: names of the generators; other names inside an expression are views, which change no word. With no
            names at all every name counts as a generator.

    Returns:
        "input" (a domain that some column translates), "real b" (one that none does), "output", "reconstruction" (an
        output brought back to its domain) or "identity" (an image through the generator that makes its own domain).
    """
    known = set(generators)
    read = [expression_path(column, known) for column in columns]
    translated = {domain for domain, applied in read if applied}
    return [word(domain, applied, domain in translated) for domain, applied in read]


def expression_path(expression: str, generators: set[str]) -> tuple[str, list[str]]:
    """Return the domain that an expression starts from and the generators applied to it, first one first."""
    *applied, domain = WORD.findall(expression) or [""]
    return domain, [name for name in reversed(applied) if not generators or name in generators]


def word(domain: str, applied: Sequence[str], translated: bool) -> str:
    """Name the image that ``applied`` makes of ``domain``."""
    if not applied:
        return "input" if translated else f"real {domain}"
    returns = applied[-1].endswith(domain)
    if returns and len(applied) == 1:
        return "identity"
    return "reconstruction" if returns else "output"
