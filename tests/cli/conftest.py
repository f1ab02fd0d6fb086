"""Runs commands in this process, and a config that trains in a moment."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from i2ikit.cli.app import app

TINY = """
model = dict(
    type="UnpairedTranslation",
    generators=dict(ab=dict(type="ResNetGenerator", filters=4, blocks=1)),
    discriminators=dict(b=dict(type="PatchGANDiscriminator", filters=4, layers=1)),
    phases=dict(
        discriminate=dict(update=["discriminators"], terms=dict(
            d=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="ab(a)", loss=dict(type="LSGANLoss")))),
        generate=dict(update=["generators"], optimizer=dict(lr=1e-4), terms=dict(
            gan=dict(type="AdversarialTerm", discriminator="b", image="ab(a)", loss=dict(type="LSGANLoss")),
            identity=dict(type="PixelTerm", image="ab(b)", target="b", loss=dict(type="L1Loss"),
                          weight=dict(type="Until", epoch=1, value=5.0, then=0.0)))),
    ),
)
optimizer = dict(type="Adam", lr=2e-4, betas=(0.5, 0.999))
schedule = dict(type="LinearDecay", constant=1, decay=1)
data = dict(load_size=16, workers=0, train=dict(type="Stripes", count=3),
            test=dict(type="Stripes", split="test", count=2))
train = dict(epochs=2)
samples = dict(count=2)
"""


@dataclass
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys) -> Callable[..., Outcome]:
    """Runs `i2ikit` with these arguments."""

    def run(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as ended:
            app([*map(str, arguments)], prog_name="i2ikit")
        written = capsys.readouterr()
        code = ended.value.code
        return Outcome(code if isinstance(code, int) else 0, written.out, written.err)

    return run


@pytest.fixture
def tiny(tmp_path, monkeypatch) -> Path:
    """The path of a config that trains six steps of 16-pixel images in a moment."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small" / "stripes.py"
    path.parent.mkdir()
    path.write_text(TINY)
    return path
