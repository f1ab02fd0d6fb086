import pytest

from i2ikit.trackers import TensorBoardTracker
from i2ikit.trackers.base import TrackedRun


@pytest.mark.slow
def test_a_resumed_run_replaces_what_came_after_its_checkpoint(track, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    track(TensorBoardTracker)
    events = EventAccumulator(str(tmp_path / "runs" / "mine" / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("losses/gan")] == [(2, 1.5), (4, 1.25)]
    assert [event.step for event in events.Images("samples")] == [2, 4]
    assert events.Scalars("metrics/mean.brightness")[0].value == 0.5
    assert b"| seed | 1 |" in events.Tensors("config/text_summary")[-1].tensor_proto.string_val[0]


@pytest.mark.slow
def test_a_resumed_run_whose_ids_are_lost_keeps_its_history(track, tmp_path):
    track(TensorBoardTracker)
    folder = tmp_path / "runs" / "mine"
    files = {path.name for path in (folder / "tensorboard").iterdir()}
    resumed = TensorBoardTracker()
    resumed.start(TrackedRun("mine", folder, {}, step=4))
    resumed.close(True)
    assert files < {path.name for path in (folder / "tensorboard").iterdir()}
