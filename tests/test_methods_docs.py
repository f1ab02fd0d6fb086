"""The pages of docs/methods agree with the presets."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from i2ikit.config.find import find_config
from i2ikit.config.resolve import load_config, resolve_config

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[1] / "docs" / "methods"
OF_PLUGINS = {"attentiongan", "lsesim", "santa", "unsb"}
PAGES = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")
BLOCK = re.compile(r"^```python *(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OVERRIDES = re.compile(r"`(--set [^`]+)`")


def preset(method: str) -> Path:
    single = method in ("sincut", "sinenco")
    return find_config(f"{method}/{'single_image_monet_etretat' if single else 'horse2zebra'}")


def plain(value: Any) -> Any:
    """Return a value as configs hold it: lists for tuples."""
    return json.loads(json.dumps(value))


def stated(config: dict[str, Any]) -> dict[str, Any]:
    """Return what a page may state: sections of the model, and terms by name."""
    terms = [phase["terms"] for phase in config["model"]["phases"].values()]
    return {**config["model"], **{name: term for each in terms for name, term in each.items()}}


@pytest.mark.parametrize("page", PAGES)
def test_every_line_of_config_on_a_page_is_that_of_the_preset(page: str) -> None:
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    assert BLOCK.search(text)
    names: dict[str, Any] = {}
    for method, source in BLOCK.findall(text):
        exec(source, names)
        config = stated(load_config(preset(method or page)))
        stating = re.findall(r"^([a-z]\w*) = ", source, re.MULTILINE)
        assert stating, "a block states nothing"
        for name in stating:
            assert plain(names[name]) == config[name], f"{name} on {page}.md"


@pytest.mark.parametrize("page", PAGES)
def test_every_override_on_a_page_is_valid(page: str) -> None:
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    for command in OVERRIDES.findall(text):
        words = shlex.split(command)
        overrides = [word.replace("C.", "model.phases.generate.terms.content.") for word in words if word != "--set"]
        resolve_config(preset(page), overrides)


def test_every_method_has_a_page_that_the_overview_links_to() -> None:
    methods = {path.stem for path in (FOLDER.parents[1] / "configs" / "_base_" / "methods").glob("*.py")}
    assert methods - {"cut_memory_bank"} == set(PAGES) - OF_PLUGINS  # that one is a section of CUT's page
    overview = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"({page}.md)" in overview for page in PAGES)


@pytest.mark.parametrize("page", ["README", *PAGES])
def test_links_to_files_lead_somewhere(page: str) -> None:
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]*)", text):
        assert not target or (FOLDER / target).exists(), target
