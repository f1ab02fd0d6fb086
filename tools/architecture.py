#!/usr/bin/env python3
"""Write the list of packages in docs/architecture.md from the first lines of their docstrings.

`python tools/architecture.py` updates the page; with `--check` it only compares, and exits with 1 where they differ.
"""

import argparse
import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- packages: tools/architecture.py writes this list -->\n", "<!-- end of packages -->\n"


def first_line(path: Path) -> str:
    """Return the first line of a module's docstring.

    Raises:
        ValueError: it has none.
    """
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if not text:
        raise ValueError(f"{path.relative_to(ROOT)} has no docstring; its first line belongs into {PAGE.name}")
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


def render() -> str:
    """Return the list as a block of text."""
    lines = package_lines(ROOT / "i2ikit")
    width = max(len(name) for name, _ in lines) + 2
    return "\n```text\n" + "".join(f"{name:<{width}}{line}\n" for name, line in lines) + "```\n\n"


def updated(page: str) -> str:
    """Return the text of the page with the list as it is now.

    Raises:
        ValueError: the page lacks one of the two marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} needs the lines {BEGIN.strip()!r} and {END.strip()!r}")
    return f"{before}{begin}{render()}{end}{after}"


def main() -> int:
    """Update or compare the page; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only")
    page = PAGE.read_text(encoding="utf-8")
    wanted = updated(page)
    if parser.parse_args().check:
        if wanted != page:
            print(f"{PAGE.relative_to(ROOT)} is out of date: run python tools/architecture.py")
        return int(wanted != page)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
