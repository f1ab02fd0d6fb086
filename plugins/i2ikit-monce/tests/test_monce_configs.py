from importlib.resources import files
from pathlib import Path

import pytest
import torch

from i2ikit.build import Builder
from i2ikit.config import load_config
from i2ikit.translation import build_model

CONFIGS = Path(str(files("i2ikit_monce"))) / "configs" / "monce"


@pytest.mark.parametrize("name", ["horse2zebra", "stripes"])
def test_the_shipped_configs_build(name):
    config = load_config(CONFIGS / f"{name}.py")
    builder = Builder()
    with torch.device("meta"):
        model = build_model(config["model"], builder)
    assert model is not None, builder.errors
    assert config["plugins"] == ["i2ikit-monce"]
    terms = model.phases["generate"].terms
    negatives = [terms[name].term.negatives for name in ("content", "identity")]
    assert [(type(each).__name__, each.epsilon) for each in negatives] == [("HardTransportNegatives", 0.1)] * 2
