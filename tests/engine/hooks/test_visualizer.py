"""Pain 10: curves and images without a server that has to be started first."""

import json

import pytest

from i2ikit.engine.hooks.samples import SamplesHook
from i2ikit.engine.hooks.visualizer import VisualizerHook, scalars
from i2ikit.engine.train import train
from i2ikit.errors import I2IKitError


def test_the_numbers_of_a_line_are_called_by_group_and_name_and_others_are_left_out():
    line = {"step": 3, "losses": {"d": 0.5, "odd": float("nan")}, "lr": {"g": 1e-3}, "event": "metrics"}
    assert dict(scalars(line)) == {"losses/d": 0.5, "lr/g": 1e-3}
    assert dict(scalars({"event": "start", "versions": {"torch": "2"}})) == {}


def test_a_back_end_whose_package_is_missing_is_named_with_the_way_to_install_it():
    class TensorboardVisBackend:
        @property
        def experiment(self) -> None:
            raise ImportError("No module named 'tensorboard'")

    class Runner:
        class visualizer:  # noqa: N801
            _vis_backends = {"x": TensorboardVisBackend()}  # noqa: RUF012

    with pytest.raises(I2IKitError, match=r"TensorboardVisBackend cannot be used: .*'i2ikit\[tensorboard\]'"):
        VisualizerHook().before_run(Runner())


@pytest.mark.slow
def test_scalars_and_samples_reach_tensorboard_and_mmengines_local_files(cut, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    cut["vis_backends"] = [{"type": "TensorboardVisBackend"}, {"type": "LocalVisBackend"}]
    cut["metrics"] = {"mean": {"type": "MeanBrightness"}}
    cut["samples"]["every"] = 2
    train(cut, work_dir=tmp_path, max_steps=4)
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    losses = {line["step"]: line["losses"]["gan"] for line in logged if "losses" in line}

    events = EventAccumulator(str(tmp_path / "vis_data"))
    events.Reload()
    found = {event.step: event.value for event in events.Scalars("losses/gan")}
    assert found == pytest.approx(losses, rel=1e-6)
    assert [event.step for event in events.Images("samples")] == [2, 4]
    (brightness,) = events.Scalars("metrics/mean.brightness")
    assert brightness.value == pytest.approx(logged[-1]["metrics"]["mean.brightness"], rel=1e-6)

    local = (tmp_path / "vis_data" / "scalars.json").read_text().splitlines()
    assert {line["step"] for line in map(json.loads, local)} == {1, 2, 4}


@pytest.mark.slow
def test_what_a_resumed_run_owes_reaches_tensorboard_too(cut, tmp_path, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    class KilledError(Exception):
        """After the checkpoint of step 2, before its samples and its measurement."""

    def kill(*arguments):
        raise KilledError

    cut["vis_backends"] = [{"type": "TensorboardVisBackend"}]
    cut |= {"metrics": {"mean": {"type": "MeanBrightness"}}, "evaluation": {"every": 2}, "checkpoint": {"every": 2}}
    cut["samples"]["every"] = 2
    with monkeypatch.context() as patched:
        patched.setattr(SamplesHook, "after_step", kill)
        with pytest.raises(KilledError):
            train(cut, work_dir=tmp_path, max_steps=4)
    train(cut, work_dir=tmp_path, max_steps=4, resume=True)
    events = EventAccumulator(str(tmp_path / "vis_data"))
    events.Reload()
    assert [event.step for event in events.Images("samples")] == [2, 4]
    assert [event.step for event in events.Scalars("metrics/mean.brightness")] == [2, 4]
