import pytest
import torch
from typer.testing import CliRunner

import i2ikit
from i2ikit import Translator
from i2ikit.build import Builder
from i2ikit.cli.app import app
from i2ikit.config import find_config, load_config, resolve_config
from i2ikit.translation import Progress, RandomStreams, build_model

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("data", ["horse2zebra", "stripes"])
def test_a_config_is_sound(data):
    config = resolve_config(find_config(f"santa/{data}"))
    assert config["plugins"] == ["i2ikit-santa"]
    assert config["model"]["outputs"] == {"ab": "fake"}


def test_a_step_encodes_twice_and_decodes_five_times_in_two_calls_each_way():
    torch.manual_seed(0)
    overrides = ["model.generators.enc.filters=4", "model.generators.dec.filters=4"]
    model = build_model(load_config(find_config("santa/stripes"), overrides)["model"], Builder())
    calls = {"enc": [], "dec": []}
    for name, network in model.generators.items():
        if name in calls:
            trace = network.trace
            network.trace = lambda x, taps, *extra, name=name, trace=trace: (
                calls[name].append(len(x)) or trace(x, taps, *extra)
            )
    batch = {domain: torch.rand(1, 3, 32, 32) * 2 - 1 for domain in "ab"}
    losses = model.train_step(
        [batch], lambda _phase, loss: loss.backward(), Progress(1, 1, 1, 1), [RandomStreams(0, 1)]
    )
    assert all(loss.isfinite() for loss in losses.values())
    assert sum(calls["enc"]) == 2
    assert sum(calls["dec"]) == 5
    for name in calls:
        assert all(weight.grad is not None for weight in model.generators[name].parameters())


def test_a_run_is_sampled_measured_and_exported(tmp_path):
    small = [f"model.generators.{name}.filters=4" for name in ("enc", "dec")]
    small += ["samples.every=1", "samples.count=2", "data.test.count=3", "evaluation.every=2"]
    i2ikit.train("santa/stripes", work_dir=tmp_path, set=small, max_steps=2, quiet=True)
    assert (tmp_path / "samples" / "step_000002.jpg").is_file()
    translator = Translator.load(tmp_path)
    x = torch.rand(1, 3, 30, 41) * 2 - 1
    made = translator(x)
    assert made.shape == x.shape
    assert translator(x).equal(made)  # no noise outside of training
    done = CliRunner().invoke(app, ["export", str(tmp_path), "--format", "onnx", "--out", str(tmp_path / "santa.onnx")])
    assert done.exit_code == 0, done.output
