"""The table of docs/methods against what is counted."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from i2ikit.config import find_config, load_config

ROOT = Path(__file__).parents[2]
ROW = re.compile(
    r"^\| \[.*?\]\((\w+)\.md(#.*)?\) \|.*\| ([\d.]+)(?:, later ([\d.]+))? \| ([\d.]+)(?:, later ([\d.]+))? \|$",
    re.MULTILINE,
)
MEMORY_BANK = "#negatives-from-other-images"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("cost", ROOT / "tools" / "cost.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


cost = load()


@pytest.mark.slow
def test_the_costs_in_the_docs_are_those_that_are_counted() -> None:
    rows = ROW.findall((ROOT / "docs" / "methods" / "README.md").read_text(encoding="utf-8"))
    assert len(rows) == len(list((ROOT / "configs" / "_base_" / "methods").glob("*.py")))
    reference = cost.gmacs(load_config(find_config("cut/horse2zebra")))
    for page, section, *stated in rows:
        method = "cut_memory_bank" if section == MEMORY_BANK else page
        data = "single_image_monet_etretat" if method.startswith("sin") else "horse2zebra"
        config = load_config(find_config(f"{method}/{data}"))
        for epoch, macs, ratio in ((1, stated[0], stated[2]), (1000, stated[1], stated[3])):
            if macs:
                counted = cost.gmacs(config, epoch)
                assert float(macs) == pytest.approx(counted, rel=0.02), method
                assert float(ratio) == pytest.approx(counted / reference, abs=0.02), method
