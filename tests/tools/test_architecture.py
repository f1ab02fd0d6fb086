"""The list of packages in docs/architecture.md is that of the code."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "architecture.py"


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("architecture_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_lists_the_packages_with_their_docstrings(tool: ModuleType) -> None:
    page = tool.PAGE.read_text(encoding="utf-8")
    assert tool.updated(page) == page, "docs/architecture.md is out of date: run python tools/architecture.py"


def test_an_outdated_list_is_replaced_and_the_text_around_it_stays(tool: ModuleType) -> None:
    page = f"before\n{tool.BEGIN}old\n{tool.END}after\n"
    assert tool.updated(page) == f"before\n{tool.BEGIN}{tool.render()}{tool.END}after\n"


def test_a_page_without_marks_is_refused(tool: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"architecture\.md needs the lines"):
        tool.updated("no list here\n")


def test_every_path_of_the_table_of_touch_points_exists(tool: ModuleType) -> None:
    table = tool.PAGE.read_text(encoding="utf-8").partition("## What to touch")[2]
    paths = [
        part for part in table.split("`") if part.startswith(("i2ikit/", "tests/", "configs/")) and "<" not in part
    ]
    assert paths
    assert [path for path in paths if not (tool.ROOT / path).exists()] == []
