import pytest
import torch

import i2ikit
from i2ikit import Translator
from i2ikit.build import Builder
from i2ikit.config import find_config, load_config, resolve_config
from i2ikit.translation import Progress, RandomStreams, build_model

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("data", ["horse2zebra", "stripes"])
def test_a_config_is_sound_and_asks_for_a_second_image_of_a(data):
    config = resolve_config(find_config(f"unsb/{data}"))
    assert config["plugins"] == ["i2ikit-unsb"]
    assert config["data"]["train"]["extra"] == ["a2"]


def test_steps_of_every_length_train_each_network_in_its_phase():
    torch.manual_seed(0)
    overrides = ["model.generators.ab.filters=4", "model.views.z.size=16"]
    overrides += [f"model.discriminators.{name}.filters=4" for name in "be"]
    config = load_config(find_config("unsb/stripes"), overrides)["model"]
    model = build_model(config, Builder(), real=("a", "b", "a2"))
    graded, calls = {}, []
    trace = model.generators["ab"].trace
    model.generators["ab"].trace = lambda x, taps, *extra: (
        calls.append((len(x), torch.is_grad_enabled())) or trace(x, taps, *extra)
    )

    def update(phase, loss):
        model.zero_grad()
        loss.backward()
        graded[phase] = {
            ".".join(name.split(".")[:2]) for name, parameter in model.named_parameters() if parameter.grad is not None
        }

    batch = {name: torch.rand(1, 3, 32, 32) * 2 - 1 for name in ("a", "b", "a2")}
    lengths = set()
    for step in range(1, 9):
        calls.clear()
        streams = RandomStreams(0, step)
        lengths.add(length := model.views["t"].sample(streams.generator("view/time"), Progress(1, step, 1, 8)))
        losses = model.train_step([batch], update, Progress(1, step, 1, 8), [streams])
        assert all(loss.isfinite() for loss in losses.values())
        # one call for each step of the chains of a, a2 and b, and one for the keys of both contrastive terms
        assert [images for images, graph in calls if not graph] == [3] * length + [2]
    assert lengths == {0, 1, 2}
    assert graded["discriminate"] == {"discriminators.b"}
    assert graded["estimate"] == {"discriminators.e"}
    assert graded["generate"] == {"generators.ab", "heads.f"}


def test_a_run_is_sampled_and_translates_with_a_seed(tmp_path):
    small = ["model.generators.ab.filters=4", "model.views.z.size=16", "data.test.count=2", "samples.count=2"]
    small += [f"model.discriminators.{name}.filters=4" for name in "be"]
    i2ikit.train("unsb/stripes", work_dir=tmp_path, set=[*small, "samples.every=1"], max_steps=1, quiet=True)
    assert (tmp_path / "samples" / "step_000001.jpg").is_file()
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    first, again = (Translator.load(tmp_path)(x) for _ in range(2))
    assert first.equal(again)
    assert first.isfinite().all()
