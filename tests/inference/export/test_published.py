"""What of a checkpoint goes to others."""

import torch

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference.export.published import chosen_outputs, published
from i2ikit.inference.trained_model import TrainedModel

SMALL = {"type": "ResNetGenerator", "filters": 2, "blocks": 1}


def test_the_average_takes_the_place_of_its_generator(tmp_path):
    raw, mean = ResNetGenerator(filters=2, blocks=1), ResNetGenerator(filters=2, blocks=1)
    judge = {"type": "PatchGANDiscriminator", "filters": 2}
    config = {
        "model": {
            "type": "UnpairedTranslation",
            "generators": {"ab": SMALL},
            "discriminators": {"b": judge},
            "averages": {"ab_mean": {"of": "generators.ab"}},
        },
        "data": {"channels": 3, "train": {"type": "UnpairedFolders", "root": "/data/horses"}},
        "optimizer": {"type": "Adam"},
    }
    model = {f"generators.ab.{key}": value for key, value in raw.state_dict().items()}
    model |= {f"generators.ab_mean.{key}": value for key, value in mean.state_dict().items()}
    write_checkpoint(tmp_path / "c.pt", Checkpoint(config, {**model, "discriminators.b.x": torch.zeros(1)}))
    trained = TrainedModel(tmp_path / "c.pt")
    for weights, network in (("average", mean), ("raw", raw)):
        content = published(trained, chosen_outputs(trained, None), weights)
        assert content.config == {
            "model": {"type": "UnpairedTranslation", "generators": {"ab": SMALL}},
            "data": {"channels": 3, "train": {"type": "UnpairedFolders", "root": "horses"}},
        }
        assert set(content.model) == {f"generators.ab.{key}" for key in network.state_dict()}
        assert all(
            torch.equal(content.weights("generators.ab")[key], value) for key, value in network.state_dict().items()
        )
