"""A small config in two files: networks of a few filters, 16-pixel images."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

BASE = """
    model = dict(
        type="UnpairedTranslation",
        generators=dict(ab=dict(type="ResNetGenerator", filters=4)),
        discriminators=dict(b=dict(type="PatchGANDiscriminator", filters=4, layers=1)),
        heads=dict(f=dict(type="MLPHead", of="ab", taps=("stem", "down1"), dim=8)),
        phases=dict(
            discriminate=dict(update=["discriminators"], terms=dict(
                d=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="ab(a)",
                       loss=dict(type="LSGANLoss")))),
            generate=dict(update=["generators", "heads"], terms=dict(
                gan=dict(type="AdversarialTerm", discriminator="b", image="ab(a)", loss=dict(type="LSGANLoss")),
                content=dict(type="PatchTerm", query=("ab", "ab(a)"), key=("ab", "a"), taps=("stem", "down1"),
                             head="f", loss=dict(type="PatchNCELoss"), negatives=dict(type="WithinImage"),
                             sampler=dict(type="RandomSampler", num=16)))),
        ),
    )
    optimizer = dict(type="Adam", lr=2e-4, betas=(0.5, 0.999))
    schedule = dict(type="LinearDecay", constant=2, decay=2)
    train = dict(epochs=4)
"""
CHILD = """
    _base_ = ["base.py"]
    SIZE = 16
    data = dict(
        crop_size=SIZE,
        train=dict(type="Stripes", split="train", count=4),
        test=dict(type="Stripes", split="test", count=2),
    )
    model = dict(generators=dict(ab=dict(blocks=1)))
"""
Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path, monkeypatch) -> Write:
    """Writes one file of Python below the working directory of the test."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, source: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source).lstrip("\n"), encoding="utf-8")
        return path

    return write


@pytest.fixture
def tiny(write: Write) -> Path:
    """A config that is sound."""
    write("base.py", BASE)
    return write("tiny.py", CHILD)
