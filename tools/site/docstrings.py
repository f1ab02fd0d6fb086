"""Docstrings as the site shows them: sections that Google's style does not have, and references to other names.

An extension of griffe, which reads the code for mkdocstrings: `mkdocs.yml` names this file.
"""

import re
from textwrap import dedent
from typing import Any

from griffe import Extension, Object

REFERENCE = re.compile(r":(?:class|func|meth|mod|attr|data):`~?([^`]+)`")
PAPER = re.compile(r"\barXiv:(\d{4}\.\d{4,5}(?:v\d)?)")
BLOCK = r"((?: +.*\n?|\n(?= ))+)"  # the indented lines below the title of a section
TITLE = re.compile(r"\n+(?=[A-Z][a-z]+:\n    )")
ARGUMENTS = re.compile(rf"^(Args|Attributes):\n{BLOCK}", re.MULTILINE)
TOGETHER = re.compile(r"^    (\w+(?:, \w+)+)(: .*\n?(?:     +.*\n?)*)", re.MULTILINE)
TEXT = re.compile(rf"^(Shape|Source):\n{BLOCK}", re.MULTILINE)


def adapted(text: str) -> str:
    """Return a docstring as griffe's reader of Google's style understands it.

    Each section has an empty line above it. References become plain names, papers become links, the example becomes a
    section of examples, each shape an item of a list, and arguments that are described together are listed one by one,
    so that each has its type and its default.
    """
    text = TITLE.sub("\n\n", REFERENCE.sub(r"`\1`", text))
    text = re.sub(r"^Example:$", "Examples:", text, flags=re.MULTILINE)
    text = ARGUMENTS.sub(lambda match: f"{match[1]}:\n{TOGETHER.sub(_one_by_one, match[2])}", text)
    return PAPER.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", TEXT.sub(_as_text, text))


def _as_text(match: re.Match[str]) -> str:
    lines = dedent(match[2])
    items = re.sub(r"^(?! |$)", "- ", lines, flags=re.MULTILINE) if match[1] == "Shape" else lines
    return f"**{match[1]}:**\n\n{items}"


def _one_by_one(match: re.Match[str]) -> str:
    end = "" if match[2].endswith("\n") else "\n"
    return "".join(f"    {name}{match[2]}{end}" for name in match[1].split(", "))


class Docstrings(Extension):
    """Adapts every docstring when it is read."""

    def on_object(self, *, obj: Object, **kwargs: Any) -> None:
        """Adapt the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = adapted(obj.docstring.value)
