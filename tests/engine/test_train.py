import copy
import json
import os
import shutil
import signal
import sys

import pytest
import torch
from mmengine.hooks import Hook
from PIL import Image

from i2ikit.engine.checkpointing.checkpoint import read_checkpoint
from i2ikit.engine.interruption import RunInterruptedError
from i2ikit.engine.reporter import RunResult
from i2ikit.engine.run_lock import RunLock
from i2ikit.engine.train import train
from i2ikit.errors import ConfigError, DataError, I2IKitError, RunError
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.work_dir import WorkDirError

pytestmark = pytest.mark.slow  # complete trainings, and the import of mmengine's runner


def test_a_run_leaves_config_log_samples_and_checkpoints(cyclegan, tmp_path):
    work_dir = tmp_path / "new" / "run"
    result = train(cyclegan, work_dir=work_dir)
    assert sorted(path.name for path in work_dir.iterdir()) == [
        ".lock", "checkpoints", "config.json", "config.py", "log.jsonl", "samples",
    ]  # fmt: skip
    assert result == RunResult(work_dir, 12, {}, work_dir / "checkpoints" / "step_000012.pt")
    assert json.loads((work_dir / "config.json").read_text())["model"] == cyclegan["model"]
    assert [path.name for path in sorted((work_dir / "checkpoints").iterdir())] == [
        "step_000005.pt", "step_000010.pt", "step_000012.pt",
    ]  # fmt: skip


def test_the_log_has_every_term_and_every_network_by_its_name(cyclegan, trained, log_of):
    work_dir = trained(cyclegan)
    (start,), lines = log_of(work_dir, "start"), log_of(work_dir)
    assert start["versions"]["torch"] == torch.__version__
    assert [line["step"] for line in lines] == [1, 2, 4, 6, 8, 10, 12]
    assert [line["epoch"] for line in lines] == [1, 1, 1, 1, 2, 2, 2]  # seven items in an epoch
    assert set(lines[0]["losses"]) == {"gan_ab", "gan_ba", "cycle_a", "cycle_b", "identity_b", "d_a", "d_b"}
    assert lines[0]["lr"] == {
        "generators.ab": 1e-3, "generators.ba": 1e-3, "discriminators.a": 2e-3, "discriminators.b": 2e-3,
    }  # fmt: skip
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)


def test_learning_rates_follow_the_schedule_and_the_groups(cut, trained, log_of):
    rates = {line["step"]: line["lr"] for line in log_of(trained(cut))}
    assert rates[6] == {"discriminators.b": 1e-3, "generators.ab": 1e-3, "heads.f": 5e-4}
    # step 10 of 12: 9 are done, (1 - 9/12) / (1 - 1/2) = 1/2
    assert rates[10] == pytest.approx({"discriminators.b": 5e-4, "generators.ab": 5e-4, "heads.f": 2.5e-4})


@pytest.mark.parametrize("method", ["cyclegan", "cut"])
@pytest.mark.parametrize(  # 7: at the end of an epoch
    ("workers", "stop"), [(0, 3), (0, 7), (0, 10), (1, 3)]
)
def test_an_interrupted_run_ends_bit_for_bit_as_an_uninterrupted_one(
    method, workers, stop, tmp_path, request, trained, temporary_hook, state_of, assert_same
):
    config = request.getfixturevalue(method)
    uninterrupted = trained(config)
    config["data"] = {**config["data"], "workers": workers}

    class Interrupter(Hook):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
            if runner.iter + 1 == stop:
                os.kill(os.getpid(), signal.SIGTERM)

    name = temporary_hook(Interrupter)
    with pytest.raises(RunInterruptedError, match=f"SIGTERM: stopped after step {stop} of 12.*--resume"):
        train({**config, "hooks": [{"type": name}]}, work_dir=tmp_path / "parts")
    torch.manual_seed(stop)  # earlier random numbers of the process do not matter
    result = train(config, work_dir=tmp_path / "parts", resume=True)
    assert result.step == 12
    assert_same(state_of(tmp_path / "parts"), state_of(uninterrupted))


@pytest.mark.parametrize("pause_at", [3, 7])  # 7: at the end of an epoch
def test_a_paused_run_keeps_its_length_and_schedule_and_ends_bit_for_bit_as_an_uninterrupted_one(
    cut, tmp_path, pause_at, trained, log_of, state_of, assert_same
):
    cut["metrics"] = {"mean": {"type": "MeanBrightness"}}
    (measured,) = log_of(trained(cut), "metrics")
    paused = train(cut, work_dir=tmp_path / "parts", pause_at=pause_at)
    newest = tmp_path / "parts" / "checkpoints" / f"step_{pause_at:06d}.pt"
    assert paused == RunResult(tmp_path / "parts", pause_at, {}, newest, paused=True)
    assert read_checkpoint(newest).progress["steps"] == 12
    assert train(cut, work_dir=tmp_path / "parts", pause_at=2, resume=True) == paused  # done already
    ended = train(cut, work_dir=tmp_path / "parts", resume=True, pause_at=12)
    assert (ended.step, ended.metrics, ended.paused) == (12, measured["metrics"], False)
    assert_same(state_of(tmp_path / "parts"), state_of(trained(cut)))
    assert not train(cut, work_dir=tmp_path / "parts", resume=True, pause_at=3).paused


def test_a_run_that_is_interrupted_where_its_images_grow_ends_bit_for_bit_as_an_uninterrupted_one(
    cyclegan, tmp_path, recorder, state_of, assert_same
):
    cyclegan["data"] = {**cyclegan["data"], "progressive": [[2, 0.4]], "batch_size": 2}
    train(cyclegan, work_dir=tmp_path / "uninterrupted", reporter=recorder)
    assert "Training images have 1/2 of the size until 40% of the steps are done, then the full size." in recorder.notes
    for step, size in ((5, 8), (6, 16)):  # the last step with small images, and the first with large ones
        train(cyclegan, work_dir=tmp_path / "parts", pause_at=step, resume=step > 5)
        kept = read_checkpoint(tmp_path / "parts" / "checkpoints" / f"step_{step:06d}.pt").model
        pools = [value for key, value in kept.items() if "pool" in key]
        assert {images.shape[-1] for pool in pools for images in pool.values()} == {size}
    train(cyclegan, work_dir=tmp_path / "parts", resume=True)
    assert_same(state_of(tmp_path / "parts"), state_of(tmp_path / "uninterrupted"))


def test_a_history_is_saved_with_the_model(cyclegan, trained):
    state = read_checkpoint(trained(cyclegan) / "checkpoints" / "step_000012.pt").model
    histories = [value for key, value in state.items() if key.endswith("_extra_state") and "pool" in key]
    assert [images.shape for images in histories[0].values()] == [(3, 3, 16, 16)] * 2


def test_a_run_resumes_from_the_checkpoint_before_a_damaged_one(
    cut, tmp_path, trained, recorder, state_of, assert_same
):
    shutil.copytree(trained(cut), tmp_path / "damaged")
    newest = tmp_path / "damaged" / "checkpoints" / "step_000012.pt"
    newest.write_bytes(newest.read_bytes()[:1000])
    train(cut, work_dir=tmp_path / "damaged", resume=True, reporter=recorder)
    assert recorder.summary is not None
    assert recorder.summary.first_step == 11
    assert any("step_000012.pt" in note and "Skipped" in note for note in recorder.notes)
    assert_same(state_of(tmp_path / "damaged"), state_of(trained(cut)))


def test_a_resumed_log_has_each_step_once(cut, tmp_path, trained, log_of):
    work_dir = shutil.copytree(trained(cut), tmp_path / "run")
    (work_dir / "checkpoints" / "step_000012.pt").unlink()
    train(cut, work_dir=work_dir, resume=True)
    assert [line["step"] for line in log_of(work_dir)] == [1, 2, 4, 6, 8, 10, 12]
    assert [len(log_of(work_dir, event)) for event in ("start", "resume")] == [1, 1]


def test_the_weights_do_not_depend_on_loader_workers_or_on_what_is_logged(
    cut, tmp_path, trained, state_of, assert_same
):
    changed = copy.deepcopy(cut)
    changed["data"]["workers"] = 2
    changed["samples"]["every"] = 4
    changed["log"]["every"] = 3
    train(changed, work_dir=tmp_path / "second")
    for part in ("model", "optimizers"):
        assert_same(state_of(tmp_path / "second")[part], state_of(trained(cut))[part])


def test_another_seed_is_another_run(cut, tmp_path, trained, state_of):
    train({**cut, "seed": 1}, work_dir=tmp_path / "second")
    first, second = (state_of(folder)["model"] for folder in (trained(cut), tmp_path / "second"))
    assert not torch.equal(
        first["generators.ab.stages.stem.conv.weight"], second["generators.ab.stages.stem.conv.weight"]
    )


def test_a_work_directory_with_a_run_is_not_overwritten(cut, tmp_path):
    train(cut, work_dir=tmp_path, max_steps=1)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with pytest.raises(WorkDirError, match=r"already holds a run.*--resume.*--work-dir"):
        train(cut, work_dir=tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_that_a_run_is_writing_to_is_left_alone(cut, tmp_path, resume):
    train(cut, work_dir=tmp_path, pause_at=5)
    being_written = tmp_path / "checkpoints" / ".step_000010.pt.1.tmp"
    being_written.write_bytes(b"half of it")
    before = (tmp_path / "log.jsonl").read_bytes()
    with RunLock(tmp_path) as lock:
        lock.take()
        with pytest.raises(WorkDirError, match=r"another run is writing to .*--work-dir"):
            train(cut, work_dir=tmp_path, resume=resume)
    assert being_written.exists()
    assert (tmp_path / "log.jsonl").read_bytes() == before


def test_resuming_where_there_is_nothing_is_refused(cut, tmp_path):
    with pytest.raises(WorkDirError, match="no checkpoint to resume from"):
        train(cut, work_dir=tmp_path, resume=True)


def test_a_run_that_ended_before_its_first_checkpoint_may_be_started_again(cut, tmp_path, trained, log_of):
    work_dir = shutil.copytree(trained(cut), tmp_path / "run")
    for path in (work_dir / "checkpoints").iterdir():
        path.unlink()
    train(cut, work_dir=work_dir, max_steps=2)
    assert [line["step"] for line in log_of(work_dir)] == [1, 2]
    assert {path.stem for path in (work_dir / "samples").iterdir()} == {"step_000002"}  # step_000012 is gone


def test_a_run_that_ends_by_an_error_closes_its_hooks(cut, tmp_path, temporary_hook):
    closed = []

    @temporary_hook
    class Failing(Hook):
        def after_train_iter(self, runner, **arguments):
            raise RuntimeError("step over a cable")

        def close(self):
            closed.append(True)

    cut["hooks"] = [{"type": "Failing"}]
    with pytest.raises(RuntimeError, match="cable"):
        train(cut, work_dir=tmp_path)
    assert closed == [True]


def test_max_steps_is_the_length_of_the_run_for_schedules_by_step(cut, tmp_path, log_of):
    result = train(cut, work_dir=tmp_path, max_steps=4)
    assert result.step == 4
    rates = {line["step"]: line["lr"]["generators.ab"] for line in log_of(tmp_path)}
    assert rates == pytest.approx({1: 1e-3, 2: 1e-3, 4: 5e-4})


def test_metrics_are_measured_on_the_test_set_after_training(cut, tmp_path, recorder, log_of):
    config = {**cut, "metrics": {"mean": {"type": "MeanBrightness"}, "again": {"type": "MeanBrightness"}}}
    result = train(config, work_dir=tmp_path, max_steps=2, reporter=recorder)
    assert set(result.metrics) == {"mean.brightness", "mean.images", "again.brightness", "again.images"}
    assert result.metrics["mean.images"] == 3
    (line,) = log_of(tmp_path, "metrics")
    assert (line["step"], line["last"], line["metrics"]) == (2, True, result.metrics)
    assert recorder.result == result


def test_the_reporter_gets_the_first_and_the_last_step(cut, tmp_path, recorder):
    train(cut, work_dir=tmp_path, reporter=recorder)
    assert recorder.summary is not None
    assert recorder.summary.networks.keys() == {"generators.ab", "discriminators.b", "heads.f"}
    assert (recorder.summary.steps, recorder.summary.epochs, recorder.summary.train_images) == (12, 2, 7)
    assert recorder.steps[0][0] == 1
    step, epoch, rate, eta, losses = recorder.steps[-1]
    assert (step, epoch, eta) == (12, 2, 0)
    assert rate > 0
    assert losses.keys() == {"d", "gan", "content"}


def test_samples_are_written_at_the_end_with_an_index_and_a_grid(cyclegan, tmp_path):
    train(cyclegan, work_dir=tmp_path, max_steps=2)
    folder = tmp_path / "samples" / "step_000002"
    about = json.loads((folder / "index.json").read_text())
    assert (about["step"], [item["name"] for item in about["items"]]) == (2, ["a0", "b0", "a1", "b1", "a2", "b2"])
    assert list(about["items"][0]["images"]) == ["input", "output", "reconstruction", "real"]
    assert list(about["items"][1]["images"]) == ["input", "output", "identity", "reconstruction", "real"]
    with Image.open(folder.with_suffix(".jpg")) as image:
        assert image.size == (7 * 130, 20 + 3 * 130)  # columns of 128 pixels, labels above them


def test_hooks_of_mmengine_work_from_the_config(cut, tmp_path):
    hooks = [{"type": "RuntimeInfoHook", "priority": "VERY_HIGH"}, {"type": "IterTimerHook"}]
    hooks += [{"type": "EmptyCacheHook"}, {"type": "SyncBuffersHook"}, {"type": "ProfilerHook", "by_epoch": False}]
    cut["metrics"] = {"mean": {"type": "MeanBrightness"}}
    assert train({**cut, "hooks": hooks}, work_dir=tmp_path, max_steps=9).step == 9


def test_networks_that_no_phase_updates_are_told_at_the_start(cut, tmp_path, recorder):
    cut["model"]["phases"]["generate"] |= {"update": ["generators"], "groups": {}}
    cut["model"]["discriminators"]["extra"] = cut["model"]["discriminators"]["b"]
    cut["model"]["phases"]["discriminate"]["update"] = ["discriminators.b"]
    train(cut, work_dir=tmp_path, max_steps=1, reporter=recorder)
    assert recorder.summary.warning.endswith(
        "No phase updates discriminators.extra, heads.f: the weights never change."
    )


@pytest.mark.parametrize(
    ("hook", "message"),
    [
        (
            {"type": "EMAHook", "momentum": 7},
            r"^the hook EMAHook cannot start: momentum must be in range.*show hooks",
        ),
        ({"type": "NPUProfilerHook"}, r"hooks\.0: NPUProfilerHook refused its arguments: Failed to import torch_npu"),
    ],
)
def test_what_a_hook_of_mmengine_refuses_is_an_error_of_the_config(cut, tmp_path, hook, message):
    with pytest.raises(I2IKitError, match=message):
        train({**cut, "hooks": [hook]}, work_dir=tmp_path, max_steps=1)


def test_a_hook_that_ends_mmengines_loops_is_told_how_to_end_this_one(cut, tmp_path, temporary_hook):
    class Ending(Hook):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
            runner.train_loop.stop_training = True

    with pytest.raises(RunError, match=r"stop_training: set evaluation\.stop_after, then call end_early"):
        train({**cut, "hooks": [{"type": temporary_hook(Ending)}]}, work_dir=tmp_path, max_steps=1)


def test_a_run_without_back_ends_imports_no_visualization(cut, tmp_path, monkeypatch):
    for name in ("matplotlib", "mmengine.visualization", "mmengine.runner"):
        monkeypatch.setitem(sys.modules, name, None)  # an import would raise ImportError
    assert train(cut, work_dir=tmp_path, max_steps=1).step == 1


def test_a_hook_reads_mmengines_counts(cut, tmp_path, temporary_hook):
    seen = []

    class Counting(Hook):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
            seen.append((runner.iter, runner.epoch, batch_idx, self.every_n_train_iters(runner, 2), sorted(outputs)))

        def after_train_epoch(self, runner) -> None:
            seen.append("epoch")

    train({**cut, "hooks": [{"type": temporary_hook(Counting)}]}, work_dir=tmp_path, max_steps=8)
    names = ["content", "d", "gan"]
    assert seen[0] == (0, 0, 0, False, names)
    assert seen[1] == (1, 0, 1, True, names)
    assert seen[6:] == [(6, 0, 6, False, names), "epoch", (7, 1, 0, True, names), "epoch"]


def test_all_errors_of_a_config_are_reported_together(cut, tmp_path):
    cut["model"]["phases"]["generate"]["terms"]["gan"]["type"] = "AdverserialTerm"
    cut["optimizer"]["lrr"] = 1
    cut["hooks"] = [{"type": "IterTimer"}]
    with pytest.raises(ConfigError, match=r"(?s)3 errors.*AdversarialTerm.*'lrr'.*IterTimerHook"):
        train(cut, work_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_missing_images_are_reported_before_anything_is_written(cut, tmp_path):
    cut["data"]["train"] = {"type": "UnpairedFolders", "root": str(tmp_path / "gone"), "split": "train"}
    with pytest.raises(DataError, match="gone"):
        train(cut, work_dir=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def rates(lines):
    return [line["lr"]["generators.ab"] for line in lines]


def test_a_finished_run_that_is_extended_learns_on_and_reports_the_jump_of_the_rate(cut, tmp_path, log_of, recorder):
    cut["schedule"] = {"type": "LinearDecay", "constant": 1, "decay": 9}
    train(cut, work_dir=tmp_path)
    assert rates(log_of(tmp_path))[-1] < 0.3e-3
    cut["train"] = {"steps": 24}
    train(cut, work_dir=tmp_path, resume=True, reporter=recorder)
    after = [line for line in log_of(tmp_path) if line["step"] > 12]
    assert 0.3e-3 < rates(after)[0] < 0.7e-3
    assert 0 < rates(after)[-1] < 0.2e-3
    assert any("learning rate jumps: x0.1 at step 12, x0.5 at step 13" in note for note in recorder.notes)


def test_a_run_that_resumes_unchanged_reports_no_jump_where_the_rate_decays(cut, tmp_path, log_of, recorder):
    cut["schedule"] = {"type": "LinearDecay", "constant": 1, "decay": 3}
    train(cut, work_dir=tmp_path, pause_at=6)
    train(cut, work_dir=tmp_path, resume=True, reporter=recorder)
    before, after = ([line for line in log_of(tmp_path) if line["step"] in steps] for steps in (range(7), range(7, 9)))
    assert rates(after)[0] < 0.9 * rates(before)[-1]
    assert not any("jumps" in note for note in recorder.notes)


def test_a_shortened_run_goes_through_the_complete_schedule(cut, tmp_path, log_of):
    cut["schedule"] = {"type": "LinearDecay", "constant": 200, "decay": 200}
    train(cut, work_dir=tmp_path, max_steps=6)
    assert rates(log_of(tmp_path))[0] == 1e-3
    assert 0 < rates(log_of(tmp_path))[-1] < 0.4e-3


def test_a_rate_that_waits_for_a_metric_resumes_bit_for_bit(cut, tmp_path, state_of, assert_same, log_of):
    cut["schedule"] = {"type": "PlateauDecay", "factor": 0.5, "patience": 1}
    cut["metrics"] = {"brightness": {"type": "MeanBrightness"}}
    cut["evaluation"] = {"every": 1, "metric": "brightness.images", "better": "higher"}  # never a new best
    train(cut, work_dir=tmp_path / "whole")
    train(cut, work_dir=tmp_path / "parts", pause_at=7)
    train(cut, work_dir=tmp_path / "parts", resume=True)
    assert rates(log_of(tmp_path / "whole"))[-1] == pytest.approx(1e-3 * 0.5**10)
    assert_same(*(state_of(tmp_path / name) for name in ("whole", "parts")))


def test_a_run_with_a_feature_extractor_resumes_bit_for_bit_and_its_translators_are_the_generators(
    cut, tmp_path, state_of, assert_same
):
    cut["model"]["extractors"] = {
        "vgg": {"type": "VGG16Features", "weights": "random", "last": "relu1_2", "filters": 2}
    }
    term = {"type": "FeatureTerm", "network": "extractors.vgg", "image": "ab(a)", "target": "a", "taps": ["relu1_2"]}
    cut["model"]["phases"]["generate"]["terms"]["features"] = {**term, "loss": {"type": "L1Loss"}}
    cut["train"]["steps"] = 4
    train(cut, work_dir=tmp_path / "whole")
    train(cut, work_dir=tmp_path / "parts", pause_at=2)
    train(cut, work_dir=tmp_path / "parts", resume=True)
    assert_same(state_of(tmp_path / "parts", 4), state_of(tmp_path / "whole", 4))
    trained = TrainedModel(tmp_path / "parts")
    assert list(trained.outputs) == ["ab"]
    assert trained.network_names() == ["generators.ab", "discriminators.b", "heads.f"]
