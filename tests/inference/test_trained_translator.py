"""A translator made from a run's checkpoint is the network that was trained, in evaluation mode."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook

from i2ikit.engine.run import train
from i2ikit.inference import Translator

LSGAN = {"type": "LSGANLoss"}
GENERATOR = {
    "type": "ResNetGenerator", "filters": 4, "blocks": 1, "norm": "batch", "dropout": True, "antialias_up": False,
}  # fmt: skip
SCENES = {"type": "Stripes", "split": "train", "count": 3, "load_size": 16}


def config() -> dict[str, Any]:
    judge = {"type": "DiscriminatorTerm", "discriminator": "b", "real": "b", "fake": "ab(a)", "loss": LSGAN}
    fool = {"type": "AdversarialTerm", "discriminator": "b", "image": "ab(a)", "loss": LSGAN}
    return {
        "model": {
            "type": "UnpairedTranslation",
            "generators": {"ab": GENERATOR},
            "discriminators": {"b": {"type": "PatchGANDiscriminator", "filters": 4, "layers": 1}},
            "phases": {
                "discriminate": {"update": ["discriminators"], "terms": {"d": judge}},
                "generate": {"update": ["generators"], "terms": {"gan": fool}},
            },
        },
        "optimizer": {"type": "Adam", "lr": 1e-3},
        "data": {"batch_size": 2, "workers": 0, "train": SCENES},
        "train": {"steps": 3},
    }


class Rendering(Hook):
    """Renders an image at the end of training, as the sample grids and the metrics do."""

    def __init__(self, image: torch.Tensor) -> None:
        self.image = image
        self.output = torch.zeros(())

    def after_train(self, runner: Any) -> None:
        self.output = runner.model.translation.render({"a": self.image}, ["ab(a)"])["ab(a)"]


@pytest.mark.slow
def test_pain_07_and_13_no_flags_rebuild_the_trained_network_and_it_answers_as_it_did_in_the_run(tmp_path: Path):
    """Norm and dropout flags that must be repeated at test time, and outputs unlike those seen during training.

    The one rule: samples, metrics and translations come in evaluation mode: no dropout, batch norm by its averages.
    """
    image = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    rendering = Rendering(image)
    result = train(config(), work_dir=tmp_path, hooks=[rendering])
    assert result.checkpoint is not None
    translate = Translator.from_checkpoint(result.checkpoint)
    assert torch.equal(translate(image), rendering.output)
    assert torch.equal(translate(image), rendering.output)  # nothing was drawn, nothing was updated
    other = torch.cat([image, -image])
    assert torch.allclose(translate(other)[:1], rendering.output, atol=1e-6)  # whoever else is in the batch
