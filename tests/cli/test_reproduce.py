"""`i2ikit reproduce`."""

import pytest
import torch

from i2ikit.build import Builder
from i2ikit.engine.checkpointing.reproduce import FailedStep, write_step
from i2ikit.translation import build_model


def test_a_file_that_is_no_step_is_an_error(run, tmp_path):
    path = tmp_path / "x.pt"
    outcome = run("reproduce", path)
    assert outcome.code == 2
    assert f"there is no file {path}" in outcome.err.replace("\n", "")


@pytest.mark.slow
def test_the_terms_are_shown_as_they_were_and_as_they_are(run, tmp_path):
    loss = {"type": "L1Loss"}
    terms = {
        "identity": {"type": "PixelTerm", "image": "ab(b)", "target": "b", "loss": loss},
        "change": {"type": "PixelTerm", "image": "ab(a)", "target": "a", "loss": loss},
    }
    generator = {"type": "ResNetGenerator", "filters": 4, "blocks": 1}
    phases = {"generate": {"update": ["generators"], "terms": terms}}
    model = {"type": "UnpairedTranslation", "generators": {"ab": generator}, "phases": phases}
    torch.manual_seed(0)
    batch = {"a": torch.full((1, 3, 16, 16), float("nan")), "b": torch.rand(1, 3, 16, 16), "a_path": ["horse.png"]}
    progress = {"epoch": 1, "step": 7, "epochs": 1, "steps": 9}
    built = build_model(model, Builder())
    assert built is not None
    config = {"model": model, "train": {"steps": 9}}
    failed = FailedStep(config, built.state_dict(), progress, [batch], [0], "generate", {"change": 0.25})
    write_step(tmp_path / "step.pt", failed)
    outcome = run("reproduce", tmp_path / "step.pt", "--device", "cpu")
    assert outcome.code == 0
    rows = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in outcome.out.splitlines()]
    assert rows[0] == ["Step 7 stopped in phase generate."]
    assert ["change", "0.25", "nan"] in rows
    assert any(row[0] == "identity" and float(row[1]) > 0 for row in rows[1:])
    assert "Images: horse.png" in outcome.out
    failed.model.pop(next(iter(failed.model)))
    write_step(tmp_path / "step.pt", failed)
    assert "cannot be run here: the weights do not fit its config" in run("reproduce", tmp_path / "step.pt").err
