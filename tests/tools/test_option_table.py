"""The table of options in docs/coming-from.md is that of the code."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "option_table.py"


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("option_table_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_has_every_option_with_its_default(tool: ModuleType) -> None:
    page = tool.PAGE.read_text(encoding="utf-8")
    assert tool.updated(page) == page, "docs/coming-from.md is out of date: run python tools/option_table.py"


def test_a_row_names_the_models_with_another_default(tool: ModuleType) -> None:
    assert "| `--lambda_NCE` | `1.0`; sincut `4.0`; dcl `2.0`; FastCUT `10.0` |" in tool.render()


def test_a_page_without_the_marks_is_refused(tool: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"coming-from\.md needs the lines"):
        tool.updated("a page")
