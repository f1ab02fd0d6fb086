"""Docstrings are adapted to what the reader of Google's style knows."""

from inspect import cleandoc

from i2ikit.losses import PatchNCELoss


def test_sections_references_and_papers_are_adapted(hook):
    text = hook("docstrings").adapted(cleandoc(PatchNCELoss.__doc__ or ""))
    assert "**Shape:**\n\n- query, key: (B, S, D)" in text
    assert "\n- returns: scalar" in text
    assert "**Source:**\n\nPark et al. 2020, [arXiv:2007.15651](https://arxiv.org/abs/2007.15651)" in text
    assert "\n\nExamples:\n    >>> rows" in text


def test_arguments_that_are_described_together_are_listed_one_by_one(hook):
    text = hook("docstrings").adapted(
        "Do it.\n\nArgs:\n    low, high: see :func:`a.b`,\n        in order.\n    c: other."
    )
    both = ": see `a.b`,\n        in order.\n"
    assert text == f"Do it.\n\nArgs:\n    low{both}    high{both}    c: other."
