#!/usr/bin/env python3
"""Write the parts of the docs that are made from the code: the list of packages and the table of published options.

`python tools/generated_docs.py` updates docs/architecture.md and docs/coming-from.md.
"""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from i2ikit.published_options import OPTIONS, PROGRAMS, defaults

ROOT = Path(__file__).parents[1]
# what is typed or written in a config, in the text of an option
CODE = re.compile(
    r"(--set [\w.]+=(?:'[^']*'|\[[^\]]*\]|[^\s,]+)|--tracker \w+|--[a-z-]+(?: [A-Z][A-Z]+\b| cuda:0)?|\w+=\[dict.*\])"
)


class Part(NamedTuple):
    """A part of a page between two comments.

    Attributes:
        page: its file.
        name: of the part, in its comments.
        render: makes its content.
    """

    page: Path
    name: str
    render: Callable[[], str]

    def updated(self, text: str) -> str:
        """Return the text of the page with the part as it is now.

        Raises:
            ValueError: the page lacks one of the two comments.
        """
        marks = f"<!-- {self.name}: written by tools/generated_docs.py -->\n", f"<!-- end of {self.name} -->\n"
        before, begin, rest = text.partition(marks[0])
        _, end, after = rest.partition(marks[1])
        if not begin or not end:
            raise ValueError(f"{self.page.name} needs the lines {marks[0].strip()!r} and {marks[1].strip()!r}")
        return f"{before}{begin}\n{self.render()}\n{end}{after}"


def first_line(path: Path) -> str:
    """Return the first line of a module's docstring.

    Raises:
        ValueError: it has none.
    """
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if not text:
        raise ValueError(f"{path.relative_to(ROOT)} has no docstring; its first line belongs in docs/architecture.md")
    return text.splitlines()[0]


def package_lines(package: Path, depth: int = 0) -> list[tuple[str, str]]:
    """Return name and first line of everything that a package holds: its packages two levels deep, its own modules."""
    lines = []
    for path in sorted(package.iterdir()):
        if (path / "__init__.py").is_file():
            lines.append((f"{'  ' * depth}{path.name}/", first_line(path / "__init__.py")))
            lines += package_lines(path, depth + 1)
        elif depth == 0 and path.suffix == ".py" and not path.stem.startswith("_"):
            lines.append((path.name, first_line(path)))
    return lines


def packages() -> str:
    """Return the list of packages as a block of text."""
    lines = package_lines(ROOT / "i2ikit")
    width = max(len(name) for name, _ in lines) + 2
    return "```text\n" + "".join(f"{name:<{width}}{line}\n" for name, line in lines) + "```\n"


def default_of(name: str, models: tuple[str, ...]) -> str:
    """Return the default of an option, and the models that have another one."""
    values = {model: defaults(model)[name] for model in models}
    if "cut" in values:
        values["FastCUT"] = defaults("cut", "FastCUT")[name]
    usual = max(values.values(), key=list(values.values()).count)
    others = [f"{model} {shown(value)}" for model, value in values.items() if value != usual]
    return "; ".join([shown(usual), *others])


def shown(value: object) -> str:
    """Return a value as it stands in a cell."""
    return f"`{value}`" if value not in ("", None) else "none"


def options() -> str:
    """Return the table of published options."""
    lines = ["| option | default | models | here |", "|---|---|---|---|"]
    for option in OPTIONS:
        if option.name == "model":
            continue
        models = "all" if option.models == tuple(PROGRAMS) else ", ".join(option.models)
        here = CODE.sub(r"`\1`", option.here or f"no counterpart: {option.lacks}")
        lines.append(f"| `--{option.name}` | {default_of(option.name, option.models)} | {models} | {here} |")
    return "\n".join([*lines, ""])


PARTS = (
    Part(ROOT / "docs" / "architecture.md", "packages", packages),
    Part(ROOT / "docs" / "coming-from.md", "options", options),
)


def main() -> None:
    """Update the pages."""
    for part in PARTS:
        part.page.write_text(part.updated(part.page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
