"""Weights that were exported are used wherever a checkpoint is."""

import pytest
import torch

from i2ikit.errors import I2IKitError
from i2ikit.inference.export.weights import export_weights
from i2ikit.inference.translator import Translator

SMALL = {"type": "ResNetGenerator", "filters": 2, "blocks": 1, "init": "kaiming"}


def test_all_outputs_or_one_are_written_and_read_again(trained, tmp_path):
    model = trained(ab=SMALL, ba=SMALL)
    path = tmp_path / "new" / "w.safetensors"
    assert export_weights(model, path) == ["ab", "ba"]
    x = torch.rand(1, 3, 8, 8)
    for name in ("ab", "ba"):
        found = Translator.load(path, "cpu", output=name).network(x)
        assert torch.equal(found, Translator.load(model, "cpu", output=name).network(x))
    assert export_weights(model, path, "ba") == ["ba"]
    with pytest.raises(I2IKitError, match="has no output 'ab'; it has ba"):
        Translator.load(path, "cpu", output="ab")


def test_another_extension_is_refused(trained, tmp_path):
    with pytest.raises(I2IKitError, match=r"must end in \.safetensors"):
        export_weights(trained(), tmp_path / "w.bin")
