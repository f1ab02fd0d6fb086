"""What a resumed run restores and reports."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from torch import nn

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from i2ikit.engine.checkpointing.resume import read_newest_checkpoint
from i2ikit.engine.interruption import RunInterruptedError
from i2ikit.engine.train import train
from i2ikit.errors import CheckpointError, RunError
from i2ikit.registry import DATASETS, VIEWS
from i2ikit.views.base import View
from i2ikit.work_dir import WorkDir, WorkDirError

pytestmark = pytest.mark.slow  # complete trainings, and the import of mmengine's runner
CHECKED = 1  # items that are read before a run, to check the data
STEM = "generators.ab.stages.stem.conv.weight"


def train_in_parts(config: dict[str, Any], work_dir: Path, *stops: int) -> None:
    for index, stop in enumerate(stops):
        assert train(config, work_dir=work_dir, pause_at=stop, resume=index > 0).paused
        torch.manual_seed(stop)  # earlier random numbers of the process do not matter
    train(config, work_dir=work_dir, resume=True)


@pytest.fixture
def paused(cut, finished_runs, tmp_path_factory) -> Path:
    """The work directory of CUT's run, paused after step 5, which no test changes."""
    if "paused" not in finished_runs:
        finished_runs["paused"] = tmp_path_factory.mktemp("paused") / "run"
        train(cut, work_dir=finished_runs["paused"], pause_at=5)
    return finished_runs["paused"]


# What is restored


@pytest.mark.parametrize("stop", [3, 7, 9])  # 7 items: in the first epoch, at its end, in the second one
def test_pain_01_and_25_a_resumed_run_begins_with_the_next_image_and_reads_none_before(
    cut, tmp_path, monkeypatch, stop
):
    """Iteration-based resume replays the data, or starts the epoch again."""
    seen: list[int] = []
    pairs = DATASETS.get("NoisyPairs")
    read = pairs.__getitem__

    def noting(self: Any, index: int) -> dict[str, Any]:
        seen.append(index)
        return read(self, index)

    monkeypatch.setattr(pairs, "__getitem__", noting)
    del cut["data"]["test"]
    train(cut, work_dir=tmp_path / "uninterrupted")
    order = seen[-12:]
    assert sorted(order[:7]) == list(range(7))
    train(cut, work_dir=tmp_path / "parts", pause_at=stop)
    seen.clear()
    train(cut, work_dir=tmp_path / "parts", resume=True)
    assert seen[-(12 - stop) :] == order[stop:]
    assert len(seen) <= 12 - stop + CHECKED


def test_accumulated_batches_resume_where_they_were(cut, tmp_path, state_of, assert_same):
    cut["train"] = {"steps": 12, "accumulate": 2}  # 3 steps in an epoch of 7 items
    train(cut, work_dir=tmp_path / "uninterrupted")
    train_in_parts(cut, tmp_path / "parts", 2, 3, 7)
    assert_same(state_of(tmp_path / "parts"), state_of(tmp_path / "uninterrupted"))


def test_the_state_of_a_hook_is_restored(cut, tmp_path, temporary_hook, recorder, state_of, assert_same):
    class Counting(Hook):
        def __init__(self, name: str | None = None) -> None:
            self.count, self.sum = 0, torch.zeros(())
            if name is not None:
                self.name = name

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
            self.count += 1
            self.sum = self.sum + outputs["d"]

        def state_dict(self) -> dict[str, Any]:
            return {"count": self.count, "sum": self.sum}

        def load_state_dict(self, state: dict[str, Any]) -> None:
            self.count, self.sum = state["count"], state["sum"]

    kind = temporary_hook(Counting)
    cut["hooks"] = [{"type": kind}, {"type": kind}, {"type": kind, "name": "third"}]
    train(cut, work_dir=tmp_path / "uninterrupted")
    train_in_parts(cut, tmp_path / "parts", 5)
    state = state_of(tmp_path / "parts")
    assert {name: state["hooks"][name]["count"] for name in ("Counting", "Counting#2", "third")} == {
        "Counting": 12, "Counting#2": 12, "third": 12,
    }  # fmt: skip
    assert_same(state, state_of(tmp_path / "uninterrupted"))
    train({**cut, "hooks": cut["hooks"][:1]}, work_dir=tmp_path / "parts", resume=True, reporter=recorder)
    assert sum("the hook third, which the run no longer has" in note for note in recorder.notes) == 1


def test_mmengines_moving_average_is_restored(cut, tmp_path, state_of, assert_same):
    cut["hooks"] = [{"type": "EMAHook", "momentum": 0.1}]
    train(cut, work_dir=tmp_path / "uninterrupted")
    train_in_parts(cut, tmp_path / "parts", 5)
    state = state_of(tmp_path / "parts")
    assert state["hooks"]["EMAHook"]["steps"] == 12
    assert_same(state, state_of(tmp_path / "uninterrupted"))


def test_measuring_does_not_leave_mmengines_average_in_place_of_the_weights(
    cut, tmp_path, log_of, state_of, assert_same
):
    cut["hooks"] = [{"type": "EMAHook", "momentum": 0.1}]
    train(cut, work_dir=tmp_path / "unmeasured")
    measured = {**cut, "metrics": {"mean": {"type": "MeanBrightness"}}, "evaluation": {"every": 5}}
    train(measured, work_dir=tmp_path / "measured")
    assert len(log_of(tmp_path / "measured", "metrics")) == 3
    for part in ("model", "optimizers"):
        assert_same(state_of(tmp_path / "measured")[part], state_of(tmp_path / "unmeasured")[part])


def test_a_state_that_could_not_be_read_again_ends_the_run_before_its_first_step(cut, tmp_path, temporary_hook, log_of):
    class Remembering(Hook):
        def state_dict(self) -> dict[str, Any]:
            return {"folder": Path("here")}

        def load_state_dict(self, state: dict[str, Any]) -> None:
            raise AssertionError

    cut["hooks"] = [{"type": temporary_hook(Remembering)}]
    with pytest.raises(RunError, match=r"could not be resumed: extra\.hooks\.Remembering\.folder is a pathlib"):
        train(cut, work_dir=tmp_path)
    assert log_of(tmp_path) == []


def test_a_part_whose_extra_state_holds_an_object_is_named(cut, tmp_path):
    class Keeping(View):
        def sample(self, generator: torch.Generator, progress: Any) -> None:
            return None

        def forward(self, image: torch.Tensor, *others: torch.Tensor, **options: Any) -> torch.Tensor:
            return image

        def get_extra_state(self) -> Any:
            return {"layer": nn.Identity()}

        def set_extra_state(self, state: Any) -> None:
            raise AssertionError

    VIEWS.register_module()(Keeping)
    cut["model"]["views"]["keeping"] = {"type": "Keeping"}
    try:
        with pytest.raises(RunError, match=r"model\.views\.keeping\._extra_state\.layer is a torch\.nn.*Identity"):
            train(cut, work_dir=tmp_path)
    finally:
        VIEWS.module_dict.pop("Keeping")


def test_a_changed_setting_of_the_optimizer_takes_effect(cut, tmp_path, paused, state_of):
    shutil.copytree(paused, tmp_path, dirs_exist_ok=True)
    cut["optimizer"] = {"type": "Adam", "lr": 2e-3, "betas": [0.9, 0.99], "weight_decay": 0.1}
    train(cut, work_dir=tmp_path, resume=True, pause_at=6)
    group = state_of(tmp_path, 6)["optimizers"]["discriminate"]["param_groups"][0]
    assert (group["initial_lr"], list(group["betas"]), group["weight_decay"]) == (2e-3, [0.9, 0.99], 0.1)


# What is reported


def test_changes_of_the_config_are_reported_key_by_key(cut, tmp_path, paused, recorder, log_of):
    shutil.copytree(paused, tmp_path, dirs_exist_ok=True)
    changed = {**cut, "log": {"every": 3}, "train": {"steps": 14}, "optimizer": {**cut["optimizer"], "lr": 2e-3}}
    train(changed, work_dir=tmp_path, resume=True, reporter=recorder)
    (note,) = [note for note in recorder.notes if note.startswith("Changed since step 5 (before -> now):")]
    assert note.splitlines()[1:] == [
        "  optimizer.lr: 0.001 -> 0.002 (changes the next steps)",
        "  train.steps: 12 -> 14",
        "  log.every: 2 -> 3",
        "  length.steps: 12 -> 14",
    ]
    (event,) = log_of(tmp_path, "resume")
    assert event["changes"] == [
        "optimizer.lr: 0.001 -> 0.002", "train.steps: 12 -> 14", "log.every: 2 -> 3", "length.steps: 12 -> 14",
    ]  # fmt: skip


def test_an_unchanged_config_is_not_reported(cut, tmp_path, paused, recorder, log_of):
    shutil.copytree(paused, tmp_path, dirs_exist_ok=True)
    cut["model"]["generators"]["ab"] = {**cut["model"]["generators"]["ab"], "antialias_down": True}  # the default
    train(cut, work_dir=tmp_path, resume=True, reporter=recorder)
    assert not [note for note in recorder.notes if "hanged" in note]
    assert "changes" not in log_of(tmp_path, "resume")[0]


def test_pain_07_other_networks_are_refused_by_key_and_not_by_a_list_of_tensors(cut, tmp_path, paused):
    """The state_dict mismatch of other code bases names hundreds of tensors; here it is the key that was changed."""
    shutil.copytree(paused, tmp_path, dirs_exist_ok=True)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    cut["model"]["generators"]["ab"] = {**cut["model"]["generators"]["ab"], "filters": 8, "norm": "none"}
    with pytest.raises(CheckpointError) as raised:
        train(cut, work_dir=tmp_path, resume=True)
    lines = str(raised.value).splitlines()
    assert lines[1:3] == ["  model.generators.ab.filters: 4 -> 8", "  model.generators.ab.norm: 'instance' -> 'none'"]
    assert lines[3].endswith(f"--init {tmp_path / 'checkpoints' / 'step_000005.pt'} --work-dir DIR.")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_changed_data_is_reported(cut, tmp_path, paused, recorder):
    shutil.copytree(paused, tmp_path, dirs_exist_ok=True)
    cut["data"]["train"] = {"type": "NoisyPairs", "count": 9}
    train(cut, work_dir=tmp_path, resume=True, reporter=recorder)
    (note,) = [note for note in recorder.notes if note.startswith("Changed since")]
    assert "  files.train.items: 7 -> 9 (changes the next steps)" in note.splitlines()


def test_a_finished_run_is_reported_and_left_unchanged(cut, tmp_path, recorder):
    cut["metrics"] = {"mean": {"type": "MeanBrightness"}}
    first = train(cut, work_dir=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again = train(cut, work_dir=tmp_path, resume=True, reporter=recorder)
    assert again.metrics == first.metrics
    assert recorder.notes == [
        "This run is finished: all its steps are done and it is measured. To train longer: "
        "`--set train.steps=N`, N above 12."
    ]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_finished_run_is_measured_again_by_other_metrics(cut, tmp_path):
    cut["metrics"] = {"mean": {"type": "MeanBrightness"}}
    train(cut, work_dir=tmp_path)
    cut["metrics"] = {"other": {"type": "MeanBrightness"}}
    assert "other.images" in train(cut, work_dir=tmp_path, resume=True).metrics


# Files


def test_the_newest_intact_checkpoint_is_read_and_the_damaged_ones_are_reported(tmp_path, recorder):
    folder = WorkDir(tmp_path)
    for step in (1, 2, 3):
        progress = dict.fromkeys(("epoch", "epochs", "batch", "batches", "steps"), 4) | {"step": step}
        extra = {"hooks": {}, "scaler": {}, "seconds": 0.5, "files": {}, "machine": {}}
        write_checkpoint(folder.checkpoint(step), Checkpoint(config={}, model={}, progress=progress, extra=extra))
    folder.checkpoint(3).write_bytes(b"PK")
    assert read_newest_checkpoint(folder, recorder).progress["step"] == 2
    assert len(recorder.notes) == 1
    assert "step_000003.pt is not complete" in recorder.notes[0]


def rewrite(path: Path, change: Callable[[Checkpoint], object]) -> None:
    """Write a checkpoint again, whole, with something in it changed."""
    checkpoint = read_checkpoint(path)
    change(checkpoint)
    write_checkpoint(path, checkpoint)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c: c.model[STEM].fill_(float("nan")),
            "stem.conv.weight are not finite",
        ),
        (
            lambda c: c.optimizers["generate"]["state"][0]["exp_avg_sq"].fill_(float("inf")),
            "optimizers.generate.state.0.exp_avg_sq are not finite",
        ),
        (lambda c: c.progress.update(step=99), "step 99 is beyond its 12 steps"),
        (lambda c: c.extra.pop("hooks"), "cannot be used to resume a run: it has no 'extra.hooks'"),
    ],
)
def test_a_checkpoint_that_no_run_can_have_written_is_skipped(
    cut, tmp_path, trained, recorder, change, message, state_of, assert_same
):
    work_dir = shutil.copytree(trained(cut), tmp_path / "run")
    rewrite(work_dir / "checkpoints" / "step_000012.pt", change)
    train(cut, work_dir=work_dir, resume=True, reporter=recorder)
    assert [note for note in recorder.notes if note.startswith("Skipped: ") and message in note]
    assert_same(state_of(work_dir)["model"], state_of(trained(cut))["model"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.optimizers["generate"]["state"][0].pop("exp_avg"), "optimizer of phase 'generate' .*'exp_avg'"),
        (lambda c: c.optimizers["generate"]["state"][0].update(step=1e6), "it counts 1e.06 updates after 5 steps"),
        (
            lambda c: c.optimizers["generate"]["state"][0].update(
                exp_avg=c.optimizers["generate"]["state"][0]["exp_avg"].long()
            ),
            "optimizer of phase 'generate' .*'exp_avg'",
        ),
        (
            lambda c: c.model.update({STEM: c.model[STEM].long()}),
            "another model than the config: .*stem.conv.weight are of another shape or type",
        ),
        (lambda c: c.extra["hooks"].update(LogHook=[1]), "state of the hook LogHook cannot be restored"),
        (lambda c: c.extra["hooks"]["LogHook"].update(sums={"d": "x"}), "state of the hook LogHook cannot be restored"),
    ],
)
def test_a_state_that_cannot_be_restored_is_one_message(cut, tmp_path, paused, change, message):
    work_dir = shutil.copytree(paused, tmp_path / "run")
    rewrite(work_dir / "checkpoints" / "step_000005.pt", change)
    with pytest.raises(CheckpointError, match=message):
        train(cut, work_dir=work_dir, resume=True)


def test_only_damaged_checkpoints_are_none(tmp_path, recorder):
    folder = WorkDir(tmp_path)
    folder.checkpoints.mkdir()
    folder.checkpoint(3).write_bytes(b"")
    with pytest.raises(WorkDirError, match="none of them can be used"):
        read_newest_checkpoint(folder, recorder)


def test_every_third_checkpoint_can_stay(cut, tmp_path):
    cut["checkpoint"] = {"every": 2, "keep": 1, "keep_every": 3}
    train(cut, work_dir=tmp_path)
    names = [path.name for path in sorted((tmp_path / "checkpoints").iterdir())]
    assert names == [f"step_{step:06d}.pt" for step in (3, 6, 9, 12)]


def test_a_work_directory_that_is_a_file_is_one_message(cut, tmp_path):
    (tmp_path / "run").write_text("taken")
    with pytest.raises(WorkDirError, match=r"cannot write to .*run: .*--work-dir DIR"):
        train(cut, work_dir=tmp_path / "run")


def test_pain_17_the_log_has_everything_that_results_depend_on(cut, tmp_path, log_of):
    """A seed gives other results elsewhere: versions, device, threads and determinism are in the first line."""
    train(cut, work_dir=tmp_path, max_steps=1)
    (first,) = log_of(tmp_path, "start")
    assert first["seed"] == 0
    assert {"device", "threads", "deterministic"} <= first.keys()
    assert {"i2ikit", "torch", "python"} <= first["versions"].keys()


@pytest.mark.parametrize("name", ["SIGINT", "SIGUSR1"])
def test_each_signal_saves_and_names_the_way_to_resume(cut, tmp_path, temporary_hook, name):
    class Asking(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
            if runner.iter == 3:
                os.kill(os.getpid(), getattr(signal, name))

    cut["hooks"] = [{"type": temporary_hook(Asking)}]
    with pytest.raises(RunInterruptedError, match=f"{name}: stopped after step 4 of 12.*--resume") as raised:
        train(cut, work_dir=tmp_path)
    assert raised.value.exit_code == 130
    assert read_checkpoint(tmp_path / "checkpoints" / "step_000004.pt").progress["step"] == 4


def test_mmengines_own_checkpoints_are_never_read(cut, tmp_path, temporary_hook):
    class Reading(Hook):
        def before_train(self, runner) -> None:
            runner.load_checkpoint(str(tmp_path / "stranger.pth"))

    cut["hooks"] = [{"type": temporary_hook(Reading)}]
    with pytest.raises(AttributeError, match="no attribute 'load_checkpoint'"):
        train(cut, work_dir=tmp_path / "run")
