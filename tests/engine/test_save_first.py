"""Whatever ends a run, the last complete step is saved first, and a resumed run does what the ended one still owed."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
from mmengine.hooks import Hook
from PIL import Image

from i2ikit.engine.checkpointing.checkpoint import read_checkpoint
from i2ikit.engine.hooks import checkpoints, evaluation, samples
from i2ikit.engine.train import train
from i2ikit.errors import DataError, RunError
from i2ikit.files import TEMPORARY
from i2ikit.work_dir import WorkDir

pytestmark = pytest.mark.slow  # complete trainings

BAD = b"\x89PNG cut off"


def make_images(root: Path) -> Path:
    for number, (name, count) in enumerate((("trainA", 4), ("trainB", 3), ("testA", 4), ("testB", 4))):
        (root / name).mkdir(parents=True)
        for index in range(count):
            Image.new("RGB", (16, 16), (40 * number, 50 * index, 90)).save(root / name / f"{index}.png")
    return root


@pytest.fixture(scope="module")
def kept_images(tmp_path_factory) -> Path:
    """Images that no test changes."""
    return make_images(tmp_path_factory.mktemp("kept") / "images")


@pytest.fixture
def folders(cut, tmp_path) -> dict[str, Any]:
    """A run of 12 steps on files, with samples, a measurement and a checkpoint after every fourth step."""
    reading = {"type": "UnpairedFolders", "root": str(make_images(tmp_path / "images"))}
    cut["data"] |= {"train": reading, "test": {**reading, "split": "test", "pairing": "serial"}}
    cut |= {"samples": {"every": 4, "count": 2}, "checkpoint": {"every": 4, "keep": 2}}
    cut |= {"metrics": {"mean": {"type": "MeanBrightness"}}}
    cut["evaluation"] = {"every": 4, "metric": "mean.brightness", "better": "higher"}
    return cut


def images(config: dict[str, Any]) -> Path:
    return Path(config["data"]["train"]["root"])


def saved(work_dir: Path) -> list[int]:
    return [read_checkpoint(path).progress["step"] for path in WorkDir(work_dir).list_checkpoints()]


def log(work_dir: Path, event: str | None = None) -> list[dict[str, Any]]:
    found = map(json.loads, (work_dir / "log.jsonl").read_text().splitlines())
    return [line for line in found if line.get("event") == event]


def hook(after: int, act: Any) -> Hook:
    class Acting(Hook):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
            if runner.iter + 1 == after:
                act()

    return Acting()


@pytest.mark.parametrize("name", ["testA/1.png", "testB/3.png"])
def test_a_damaged_test_image_is_left_out_named_and_counted_at_the_start(folders, tmp_path, recorder, name):
    (images(folders) / name).write_bytes(BAD)
    result = train(folders, work_dir=tmp_path / "run", reporter=recorder)
    assert any(name in note and "left out of the test set (1 left out)" in note for note in recorder.notes)
    (start,) = log(tmp_path / "run", "start")
    assert len(start["bad_test_files"]) == 1
    assert name in start["bad_test_files"][0]
    assert result.metrics["mean.images"] == (3 if "testA" in name else 4)
    assert (result.protocol["images"], result.protocol["real"]) == ((3, 4) if "testA" in name else (4, 3))


@pytest.mark.parametrize(
    ("bad", "fraction", "message"), [((0, 1), 0.01, "2 of 8 files cannot be read"), ((0,), 0.0, "0.png")]
)
def test_more_damaged_test_images_than_the_run_allows_end_it_before_the_first_step(
    folders, tmp_path, bad, fraction, message
):
    for index in bad:
        (images(folders) / "testA" / f"{index}.png").write_bytes(BAD)
    folders["data"]["bad_fraction"] = fraction
    with pytest.raises(DataError, match=message):
        train(folders, work_dir=tmp_path / "run")


def test_a_test_set_of_which_nothing_can_be_read_ends_the_run_before_the_first_step(folders, tmp_path):
    for index in range(4):
        (images(folders) / "testA" / f"{index}.png").write_bytes(BAD)
    folders["data"]["bad_fraction"] = 1.0
    with pytest.raises(DataError, match=r"no test image is left: 4 of 8 files"):
        train(folders, work_dir=tmp_path / "run")


@pytest.mark.parametrize(
    ("step", "folder"),
    [(2, "testA"), (12, "testA"), (9, "testA"), (5, "trainA"), (3, "trainB")],
)
def test_images_that_vanish_in_the_middle_end_the_run_only_after_it_is_saved(folders, tmp_path, recorder, step, folder):
    gone, work_dir = images(folders) / folder, tmp_path / "run"
    folders["checkpoint"]["every"] = 1000
    remove = hook(step, lambda: gone.rename(tmp_path / "elsewhere"))
    with pytest.raises(DataError, match=folder):
        train(folders, work_dir=work_dir, hooks=[remove], reporter=recorder)
    last = max(line["step"] for line in log(work_dir))
    due = math.ceil(step / 4) * 4 if folder == "testA" else step
    assert saved(work_dir) == [due]
    assert last <= due
    assert f"The run is saved after step {due}; resume it with --resume." in recorder.notes
    (tmp_path / "elsewhere").rename(gone)
    assert train(folders, work_dir=work_dir, resume=True).step == 12
    assert [line["step"] for line in log(work_dir, "metrics")] == [4, 8, 12]
    assert [path.name for path in sorted((work_dir / "samples").glob("*.jpg"))] == [
        "step_000004.jpg", "step_000008.jpg", "step_000012.jpg",
    ]  # fmt: skip


BETTER = {8: "lower", 12: "lower"}  # so that this step's measurement is the best


class Killed(BaseException):
    """Stands for a kill: nothing handles it."""


@pytest.mark.parametrize("step", [8, 12])
@pytest.mark.parametrize("at", ["samples", "measurement", "best", "log", "old checkpoints"])
def test_a_run_that_is_killed_after_its_checkpoint_owes_nothing_after_a_resume(
    folders, kept_images, trained, tmp_path, monkeypatch, state_of, assert_same, at, step
):
    for split in ("train", "test"):
        folders["data"][split]["root"] = str(kept_images)
    if at == "best":
        folders["evaluation"]["better"] = BETTER[step]
    uninterrupted = trained(folders)
    places = {
        "samples": (samples, "write_samples"),
        "measurement": (evaluation.Evaluator, "measure"),
        "best": (checkpoints, "write_checkpoint"),
        "log": (evaluation.EvaluationHook, "_check_metric"),
        "old checkpoints": (WorkDir, "drop_checkpoints_before"),
    }
    where, name = places[at]
    original = getattr(where, name)
    work_dir = tmp_path / "run"

    def kill(*arguments: Any, **options: Any) -> Any:
        if (work_dir / "checkpoints" / f"step_{step:06d}.pt").exists():
            raise Killed
        return original(*arguments, **options)

    monkeypatch.setattr(where, name, kill)
    with pytest.raises(Killed):
        train(folders, work_dir=work_dir)
    monkeypatch.setattr(where, name, original)
    result = train(folders, work_dir=work_dir, resume=True)
    assert_same(state_of(work_dir), state_of(uninterrupted))
    one, other = (log(folder, "metrics") for folder in (work_dir, uninterrupted))
    assert one == other
    best, expected = (read_checkpoint(WorkDir(folder).best_checkpoint) for folder in (work_dir, uninterrupted))
    assert best.progress == expected.progress
    assert_same((best.model, best.extra["hooks"]), (expected.model, expected.extra["hooks"]))
    assert result.best["step"] == best.progress["step"]
    files = [
        sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        for folder in (work_dir, uninterrupted)
    ]
    assert files[0] == files[1]
    assert not any(TEMPORARY in name for name in files[0])


def test_a_measurement_that_is_in_the_log_is_not_made_again(folders, tmp_path, monkeypatch):
    train(folders, work_dir=tmp_path, pause_at=8)
    best = WorkDir(tmp_path).best_checkpoint
    for path in (tmp_path / "checkpoints").glob("*.pt"):
        if path != best:
            assert (
                read_checkpoint(path).extra["hooks"]["EvaluationHook"]["measured"]
                < read_checkpoint(path).progress["step"]
            )
    monkeypatch.setattr(evaluation.Evaluator, "measure", lambda *arguments: pytest.fail("measured again"))
    train(folders, work_dir=tmp_path, resume=True, pause_at=9)
    assert [line["step"] for line in log(tmp_path, "metrics")] == [4, 8]


LINE = '{"event": "metrics", "last": true, "step": 12, "missing": {}, "better": {}, "paired": [], "protocol": {}'


@pytest.mark.parametrize(
    "damage",
    [
        b'{"step": null}\n',
        b"\xff\xfe\n",
        b'{"event": "metrics", "last": true, "step": 12}\n',
        f'{LINE}, "metrics": {{"mean.images": "4"}}}}\n'.encode(),
        f'{LINE}, "metrics": {{"mean.images": null}}}}\n'.encode(),
        f'{LINE}, "metrics": {{"mean.images": 4}}, "best": {{"metric": "mean.images"}}}}\n'.encode(),
    ],
)
def test_a_damaged_log_does_not_block_a_resume(folders, kept_images, trained, tmp_path, damage):
    for split in ("train", "test"):
        folders["data"][split]["root"] = str(kept_images)
    work_dir = shutil.copytree(trained(folders), tmp_path / "run")
    with (work_dir / "log.jsonl").open("ab") as file:
        file.write(damage)
    assert train(folders, work_dir=work_dir, resume=True).metrics["mean.images"] == 4


def test_weights_that_the_last_update_made_infinite_reach_no_checkpoint(cyclegan, tmp_path):
    cyclegan["optimizer"] = {"type": "RMSprop", "lr": 1e38}  # its first step is ten times the rate
    with pytest.raises(
        RunError, match=r"step 1: .* of generators\..* are not finite after its update, so no checkpoint .*lower"
    ):
        train(cyclegan, work_dir=tmp_path, max_steps=1)
    assert saved(tmp_path) == []


@pytest.mark.parametrize(("what", "step"), [("", 3), ("checkpoints", 12), ("", 12)])
def test_a_work_directory_that_is_removed_in_the_middle_is_an_error(cut, tmp_path, what, step):
    work_dir = tmp_path / "run"
    remove = hook(step, lambda: shutil.rmtree(work_dir / what))
    remove.priority = "LOWEST"
    with pytest.raises(RunError, match=r"was removed .*while the run wrote to"):
        train(cut, work_dir=work_dir, hooks=[remove])
    if step == 3:
        assert saved(work_dir) == [4]  # where the next line of the log was due
