"""The parts of the docs that are made from the code are those of the code."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "generated_docs.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generated_docs_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = load()
each_part = pytest.mark.parametrize("part", tool.PARTS, ids=lambda part: part.name)


@each_part
def test_the_page_has_what_the_code_has(part: Any) -> None:
    page = part.page.read_text(encoding="utf-8")
    assert part.updated(page) == page, f"{part.page} is out of date: run python tools/generated_docs.py"


@each_part
def test_an_outdated_part_is_replaced_and_the_text_around_it_stays(part: Any) -> None:
    page = part.page.read_text(encoding="utf-8")
    assert part.updated(page.replace(part.render(), "old\n")) == page


@each_part
def test_a_page_without_the_comments_is_refused(part: Any) -> None:
    with pytest.raises(ValueError, match=rf"{part.page.name} needs the lines"):
        part.updated("a page\n")


def test_every_path_of_the_table_of_touch_points_exists() -> None:
    table = tool.PARTS[0].page.read_text(encoding="utf-8").partition("## What to touch")[2]
    paths = [
        part for part in table.split("`") if part.startswith(("i2ikit/", "tests/", "configs/")) and "<" not in part
    ]
    assert paths
    assert [path for path in paths if not (tool.ROOT / path).exists()] == []


def test_a_row_of_options_names_the_models_with_another_default() -> None:
    assert "| `--lambda_NCE` | `1.0`; sincut `4.0`; dcl `2.0`; FastCUT `10.0` |" in tool.options()


def test_what_is_typed_instead_of_an_option_is_code() -> None:
    assert "| `--tracker wandb` |\n" in tool.options()
    assert "| `trackers=[dict(type='WandbTracker', project=...)]` |\n" in tool.options()
