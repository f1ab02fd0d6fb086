#!/usr/bin/env python3
"""Write the table of published options in docs/coming-from.md from i2ikit/published_options.py.

`python tools/option_table.py` updates the page; with `--check` it only compares, and exits with 1 where they differ.
"""

import argparse
import re
import sys
from pathlib import Path

from i2ikit.published_options import OPTIONS, PROGRAMS, defaults

PAGE = Path(__file__).parents[1] / "docs" / "coming-from.md"
BEGIN, END = "<!-- options: tools/option_table.py writes this table -->\n", "<!-- end of options -->\n"
# an option of i2ikit, with its value
CODE = re.compile(
    r"(--set [\w.]+=(?:'[^']*'|\[[^\]]*\]|[^\s,]+)|--[a-z-]+(?: [A-Z][A-Z]+\b| cuda:0)?)"
)  # options of i2ikit


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


def render() -> str:
    """Return the table."""
    lines = ["", "| option | default | models | here |", "|---|---|---|---|"]
    for option in OPTIONS:
        if option.name == "model":
            continue
        models = "all" if option.models == tuple(PROGRAMS) else ", ".join(option.models)
        here = CODE.sub(r"`\1`", option.here or f"no counterpart: {option.lacks}")
        lines.append(f"| `--{option.name}` | {default_of(option.name, option.models)} | {models} | {here} |")
    return "\n".join([*lines, "", ""])


def updated(page: str) -> str:
    """Return the text of the page with the table as it is now.

    Raises:
        ValueError: the page lacks one of the two marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} needs the lines {BEGIN.strip()!r} and {END.strip()!r}")
    return f"{before}{begin}{render()}{end}{after}"


def main() -> int:
    """Write or compare the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    page = PAGE.read_text(encoding="utf-8")
    if updated(page) == page:
        return 0
    if not check:
        PAGE.write_text(updated(page), encoding="utf-8")
    return int(check)


if __name__ == "__main__":
    sys.exit(main())
