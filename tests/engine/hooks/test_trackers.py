"""Curves and images of a run in other places."""

import json
from types import SimpleNamespace

import pytest
from PIL import Image

from i2ikit.engine.hooks.samples import SamplesHook
from i2ikit.engine.hooks.trackers import TrackersHook, scalars
from i2ikit.engine.train import train
from i2ikit.errors import I2IKitError
from i2ikit.registry import TRACKERS
from i2ikit.trackers.base import Tracker
from i2ikit.work_dir import WorkDir


class DiaryTracker(Tracker):
    """Keeps everything that it is sent."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails

    def start(self, run) -> str:
        self.diary = BOOK.setdefault(run.id or f"diary{len(BOOK)}", SimpleNamespace(values=[], images=[], ends=[]))
        self.diary.run = run
        self.fail("start")
        return next(name for name, diary in BOOK.items() if diary is self.diary)

    def log_values(self, values, step) -> None:
        self.fail("log_values")
        self.diary.values.append((step, dict(values)))

    def log_image(self, name, image, step) -> None:
        self.fail("log_image")
        assert image.dtype == "uint8"
        assert image.shape[2] == 3
        self.diary.images.append((step, name))

    def close(self, finished) -> None:
        self.diary.ends.append(finished)
        self.fail("close")

    def fail(self, where) -> None:
        if where in self.fails.split():
            raise ConnectionError(f"the server is gone\nin {where}")


BOOK: dict[str, SimpleNamespace] = {}


@pytest.fixture
def diary(cut):
    TRACKERS.register_module(force=True)(DiaryTracker)
    BOOK.clear()
    cut["trackers"] = [{"type": "DiaryTracker"}]
    cut |= {"metrics": {"mean": {"type": "MeanBrightness"}}, "evaluation": {"every": 2}, "checkpoint": {"every": 2}}
    cut["samples"]["every"] = 2
    yield cut
    TRACKERS.module_dict.pop("DiaryTracker")


def test_the_numbers_of_a_line_are_called_by_group_and_name_and_others_are_left_out():
    line = {"step": 3, "losses": {"d": 0.5, "odd": float("nan")}, "lr": {"g": 1e-3}, "event": "metrics"}
    assert dict(scalars(line)) == {"losses/d": 0.5, "lr/g": 1e-3}
    assert dict(scalars({"event": "start", "versions": {"torch": "2"}})) == {}


class KilledError(Exception):
    """After the checkpoint of step 2, before its samples and its measurement."""


def kill(*arguments):
    raise KilledError


@pytest.mark.slow
def test_a_resumed_run_continues_its_tracked_run_and_sends_what_it_owes(diary, tmp_path, monkeypatch, log_of):
    with monkeypatch.context() as patched:
        patched.setattr(SamplesHook, "after_step", kill)
        with pytest.raises(KilledError):
            train(diary, work_dir=tmp_path / "mine", max_steps=4)
    assert BOOK["diary0"].ends == [False]
    train(diary, work_dir=tmp_path / "mine", max_steps=4, resume=True)
    assert json.loads((tmp_path / "mine" / "trackers.json").read_text()) == {"diary": "diary0"}
    assert list(BOOK) == ["diary0"]
    found = BOOK["diary0"]
    assert (found.run.name, found.run.step, found.run.config["data.train.type"]) == ("mine", 1, "NoisyPairs")
    assert found.ends == [False, True]
    assert found.images == [(2, "samples"), (4, "samples")]
    measured = [(step, values) for step, values in found.values if "metrics/mean.brightness" in values]
    assert [step for step, _ in measured] == [2, 4]
    losses = {step: values["losses/gan"] for step, values in found.values if "losses/gan" in values}
    assert losses == {line["step"]: line["losses"]["gan"] for line in log_of(tmp_path / "mine")}


@pytest.mark.slow
def test_a_tracker_that_fails_is_reported_and_the_run_goes_on(diary, tmp_path, recorder):
    diary["log"] = {"every": 1}
    diary["trackers"] = [{"type": "DiaryTracker", "fails": "log_values log_image close"}, {"type": "DiaryTracker"}]
    assert train(diary, work_dir=tmp_path, max_steps=4, reporter=recorder).step == 4
    notes = [note for note in recorder.notes if "tracker" in note]
    assert notes == [
        "The tracker diary failed, the run goes on: ConnectionError: the server is gone",
        "The tracker diary failed 3 times in a row and is left out until the run is resumed.",
    ]
    assert json.loads((tmp_path / "trackers.json").read_text()) == {"diary": "diary0", "diary#2": "diary1"}
    assert BOOK["diary1"].images == [(2, "samples"), (4, "samples")]


@pytest.mark.slow
def test_a_tracker_that_cannot_start_ends_a_new_run_and_no_resumed_one(diary, tmp_path, recorder):
    diary["trackers"] = [{"type": "DiaryTracker"}, {"type": "DiaryTracker"}]
    broken = {**diary, "trackers": [{"type": "DiaryTracker", "fails": "start"}, {"type": "DiaryTracker"}]}
    with pytest.raises(I2IKitError, match=r"^the tracker diary cannot start: ConnectionError: the server is gone$"):
        train(broken, work_dir=tmp_path / "new", max_steps=2)
    BOOK.clear()
    train(diary, work_dir=tmp_path / "run", max_steps=2)
    result = train(broken, work_dir=tmp_path / "run", max_steps=3, resume=True, reporter=recorder)
    assert result.step == 3
    assert any(note.startswith("The run goes on without the tracker diary, which") for note in recorder.notes)
    assert BOOK["diary1"].run.step == 2  # the second one continues its own run


@pytest.fixture
def start(tmp_path, recorder):
    """``start(tracker)`` starts the tracker of a run, by default of one that resumes; returns the hook."""

    def begin(tracker, step=2):
        run = SimpleNamespace(folder=WorkDir(tmp_path), config={}, reporter=recorder, log=SimpleNamespace(listeners=[]))
        hook = TrackersHook([tracker], step=step)
        hook.before_run(run)
        return hook

    BOOK.clear()
    return begin


@pytest.mark.parametrize("content", ["{", "[]"])
def test_damaged_ids_are_reported_and_the_trackers_begin_anew(start, tmp_path, recorder, content):
    (tmp_path / "trackers.json").write_text(content)
    start(DiaryTracker())
    assert recorder.notes == [f"{tmp_path / 'trackers.json'} is damaged: the trackers begin new runs."]
    assert json.loads((tmp_path / "trackers.json").read_text()) == {"diary": "diary0"}


def test_a_tracker_that_lost_its_run_is_told_apart_with_the_way_to_a_new_one(start, tmp_path, recorder):
    (tmp_path / "trackers.json").write_text('{"diary": "gone"}')
    start(DiaryTracker("start"))
    (note,) = recorder.notes
    assert note.endswith(
        f"ConnectionError: the server is gone. To begin a new run there, remove 'diary' from {tmp_path}/trackers.json."
    )
    assert json.loads((tmp_path / "trackers.json").read_text()) == {"diary": "gone"}


def test_an_error_without_a_text_is_told_by_its_line(start):
    def refuse(self, run):
        raise AssertionError

    with pytest.raises(I2IKitError, match=r"odd cannot start: AssertionError: raise AssertionError$"):
        start(type("OddTracker", (Tracker,), {"start": refuse})(), step=0)


def test_a_tracker_that_fails_at_images_only_is_reported_once(start, tmp_path, recorder):
    hook = start(DiaryTracker("log_image"))
    (tmp_path / "samples").mkdir()
    for step in (2, 4, 6, 8):
        Image.new("RGB", (4, 4)).save(tmp_path / "samples" / f"step_{step:06d}.jpg")
        hook.after_step(SimpleNamespace(folder=WorkDir(tmp_path), progress=SimpleNamespace(step=step)), {})
        hook.add_line({"step": step, "losses": {"d": 0.5}})
    assert len(recorder.notes) == 1
    assert len(BOOK["diary0"].values) == 4


def test_a_tracker_that_returns_no_id_is_refused(start, tmp_path):
    tracker = type("OddTracker", (Tracker,), {"start": lambda self, run: None})()
    with pytest.raises(I2IKitError, match=r"tracker odd cannot start: TypeError: OddTracker\.start must return the id"):
        start(tracker, step=0)
    assert not (tmp_path / "trackers.json").exists()


@pytest.mark.slow
def test_scalars_and_samples_reach_mmengines_back_ends(cut, tmp_path, log_of):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    cut["vis_backends"] = [{"type": "TensorboardVisBackend"}, {"type": "LocalVisBackend"}]
    cut["samples"]["every"] = 2
    train(cut, work_dir=tmp_path, max_steps=4)
    events = EventAccumulator(str(tmp_path / "vis_data"))
    events.Reload()
    losses = {line["step"]: line["losses"]["gan"] for line in log_of(tmp_path)}
    assert {event.step: event.value for event in events.Scalars("losses/gan")} == pytest.approx(losses, rel=1e-6)
    assert [event.step for event in events.Images("samples")] == [2, 4]
    local = (tmp_path / "vis_data" / "scalars.json").read_text().splitlines()
    assert {line["step"] for line in map(json.loads, local)} == {1, 2, 4}
