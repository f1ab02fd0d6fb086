"""Runs with an augmented discriminator, from one line of a config."""

import pytest

from i2ikit.config.overrides import apply_overrides
from i2ikit.config.sections import with_defaults
from i2ikit.config.validate import find_errors
from i2ikit.engine.train import train
from i2ikit.inference.trained_model import TrainedModel

pytestmark = pytest.mark.slow  # complete trainings

ADA = "dict(type='ADA', images=20, interval=1)"


@pytest.mark.parametrize("augment", ["dict(type='DiffAugment')", ADA])
def test_one_line_augments_and_the_run_resumes_bit_for_bit(cut, tmp_path, augment, state_of, assert_same):
    cut["train"]["steps"] = 4
    config, errors = apply_overrides(with_defaults(cut), [f"model.discriminators.b.augment={augment}"])
    assert errors == find_errors(config) == []
    train(config, work_dir=tmp_path / "whole")
    train(config, work_dir=tmp_path / "parts", pause_at=2)
    train(config, work_dir=tmp_path / "parts", resume=True)
    state = state_of(tmp_path / "parts", 4)
    assert_same(state, state_of(tmp_path / "whole", 4))
    assert ("views.augment_b.seen" in state["model"]) == (augment == ADA)
    if augment == ADA:
        assert state["model"]["views.augment_b.seen"][1:].tolist() == [1, 1]  # the logits of the last step
    plain = tmp_path / "plain"
    train(cut, work_dir=plain)
    own = [state_of(folder, 1 * 4)["log"][-1][2]["d"] for folder in (plain, tmp_path / "whole")]
    assert own[0] != own[1]
    assert TrainedModel(tmp_path / "whole").build("discriminators.b") is not None


def test_a_wrong_augmentation_is_an_error_with_its_path(cut):
    cut["model"]["discriminators"]["b"] = cut["model"]["discriminators"]["b"] | {"augment": {"type": "DifAugment"}}
    (error,) = find_errors(with_defaults(cut))
    assert error.path == "model.discriminators.b.augment.type"
    assert "no view is called 'DifAugment'. Nearest: 'DiffAugment'" in error.message
