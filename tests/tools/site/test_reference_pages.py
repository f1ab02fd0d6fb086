"""The reference pages are made of the registries and of what modules make public."""

import logging
import re

import pytest

from i2ikit.kinds import HOOKS, KINDS
from i2ikit.registry import LOSSES
from tests.core_parts import is_core


@pytest.fixture(scope="module")
def pages(hook):
    return hook("reference_pages")


def test_every_part_of_the_core_is_on_the_page_of_its_kind(pages):
    for kind in (*KINDS, HOOKS):
        text = pages.kind_page(kind)
        own = [name for name, part in pages.parts_of(kind).items() if is_core(part)]
        assert own
        assert all(f"[`{name}`][" in text and f'type="{name}"' in text for name in own)


def test_a_part_has_its_docstring_its_contract_and_a_line_of_config(pages):
    text = pages.kind_page(next(kind for kind in KINDS if kind.plural == "losses"))
    assert "::: i2ikit.losses.patch_nce.PatchNCELoss" in text
    assert re.search(r"\| \[`PatchNCELoss`\].* \| contrast \| i2ikit \|", text)
    assert 'dict(type="PatchNCELoss", tau=0.07)' in text


def test_a_long_line_of_config_is_wrapped(pages):
    assert pages.wrapped("dict(a=1)") == "dict(a=1)"
    text = pages.wrapped(f"dict(a=[1, 2], b=..., c={'x' * 100!r})")
    assert text == f"dict(\n    a=[1, 2],\n    b=...,\n    c={'x' * 100!r},\n)"


def test_the_overview_has_every_kind_and_its_purpose(pages):
    text = pages.overview()
    assert all(f"[{kind.plural}]({kind.plural}.md)" in text for kind in (*KINDS, HOOKS))
    assert "| Functions of logits, images, embeddings or gradients. |" in text


def test_parts_from_elsewhere_are_left_out(pages, monkeypatch):
    class Stranger:
        """Registered by somebody else's package."""

    monkeypatch.setattr(pages.inspect, "getfile", lambda part: "/elsewhere/part.py")
    monkeypatch.setitem(LOSSES.module_dict, "Stranger", Stranger)
    assert pages.own_parts(next(kind for kind in KINDS if kind.plural == "losses")) == {}


def test_a_package_of_the_api_is_documented_by_what_it_makes_public(pages):
    text = pages.api_page("Title", "Intro.", ("i2ikit", "i2ikit.checks", "i2ikit.terms.base.Term"))
    assert re.findall(r"::: (.*)", text)[:4] == [
        "i2ikit.inference.translator.Translator",
        "i2ikit.api.evaluate",
        "i2ikit.api.load_config",
        "i2ikit.api.train",
    ]
    assert "::: i2ikit.checks.positive\n" in text
    assert "_is_number" not in text
    assert "::: i2ikit.terms.base.Term" in text


@pytest.mark.parametrize(
    ("file", "kept"),
    [("i2ikit/losses/cosine.py:3", True), (".venv/lib/python3.11/site-packages/mmengine/hook.py:3", False)],
)
def test_only_warnings_about_the_repository_end_a_strict_build(pages, file, kept):
    record = logging.LogRecord("griffe", logging.WARNING, "", 0, f"{file}: Failed to get a pair", None, None)
    assert pages.is_of_this_repository(record) is kept
