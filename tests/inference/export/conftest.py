"""Checkpoints of untrained generators."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from i2ikit.build import Builder
from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.registry import GENERATORS

SMALL = {"type": "ResNetGenerator", "filters": 2, "blocks": 1, "init": "kaiming"}


@pytest.fixture
def trained(tmp_path: Path) -> Callable[..., TrainedModel]:
    """``trained(ab={...}, ba={...}, data={...})``: a checkpoint of generators, the small one by default."""

    def make(data: dict[str, Any] | None = None, **generators: Any) -> TrainedModel:
        generators = generators or {"ab": SMALL}
        model: dict[str, Any] = {}
        for seed, (name, config) in enumerate(generators.items()):
            torch.manual_seed(seed)
            network = Builder().part(GENERATORS, config, name)
            assert network is not None
            model |= {f"generators.{name}.{key}": value for key, value in network.state_dict().items()}
        config = {"model": {"type": "UnpairedTranslation", "generators": generators}, "data": data or {}}
        write_checkpoint(
            tmp_path / "trained.pt", Checkpoint(config, model, progress={"step": 7}, versions={"i2ikit": "0.1.0"})
        )
        return TrainedModel(tmp_path / "trained.pt")

    return make
