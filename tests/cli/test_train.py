"""`i2ikit train`, `i2ikit translate` and `i2ikit data`: a run from its data to its images."""

import json
from pathlib import Path

import pytest
from PIL import Image

from i2ikit.cli.train import default_work_dir


def test_a_run_goes_from_config_to_images(run, tiny, tmp_path):
    made = run("data", "make", "stripes", "photos", "--size", "16", "--train", "3", "--test", "2", "--seed", "5")
    assert made.out == "3 + 3 training images and 2 test pairs of 16 x 16 written to photos\n"
    assert sorted(path.name for path in (tmp_path / "photos").glob("t*A")) == ["testA", "trainA"]

    options = ("--data", "photos", "--set", "data.crop_size=16", "--device", "cpu", "--seed", "4")
    trained = run("train", tiny, *options, "--max-steps", "2")
    assert (trained.code, trained.err) == (0, "")
    assert "step 2/2" in trained.out
    folder = tmp_path / "runs" / "small_stripes"
    assert f"report     {folder.relative_to(tmp_path)}/index.html" in trained.out
    assert (folder / "index.html").is_file()
    config = json.loads((folder / "config.json").read_text())
    assert config["seed"] == 4
    assert config["data"]["train"]["root"] == "photos"
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert set(lines[-2]["losses"]) == {"d", "gan"}  # the schedule of two epochs is stretched to two steps
    assert {name.partition(".")[0] for name in lines[-1]["metrics"]} == {"wasserstein", "content", "diversity"}

    again = run("train", tiny, *options)
    assert again.code == 2
    assert "already holds a run" in again.err
    resumed = run("train", tiny, *options, "--max-steps", "4", "--resume")
    assert resumed.code == 0
    assert "resumed at step 3" in resumed.out

    translated = run("translate", folder, "photos/testA", "out", "--device", "cpu")
    assert translated.code == 0
    assert translated.out == "2 files written to out\n"
    names = [path.name for path in sorted((tmp_path / "photos" / "testA").iterdir())]
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == names
    single = run("translate", folder / "checkpoints" / "step_000004.pt", f"photos/testA/{names[0]}", "one.png")
    assert single.out == "1 file written to one.png\n"
    with Image.open(tmp_path / "one.png") as image:
        assert image.size == (16, 16)


def test_a_run_can_pause_and_resume(run, tiny, tmp_path):
    paused = run("train", tiny, "--device", "cpu", "--pause-at", "2")
    assert paused.code == 0
    assert "paused     after step 2 of 6; continue with --resume" in paused.out
    resumed = run("train", tiny, "--device", "cpu", "--resume")
    assert "resumed at step 3" in resumed.out
    assert "step 6/6" in resumed.out
    assert "paused" not in resumed.out


def test_a_work_directory_can_be_chosen(run, tiny, tmp_path):
    assert run("train", tiny, "--max-steps", "1", "--work-dir", "here", "--device", "cpu").code == 0
    assert (tmp_path / "here" / "log.jsonl").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "optimizer.rl=1"], "--set optimizer.rl=1: optimizer has no 'rl'. Nearest: 'lr'."),
        (["--set", "model.generators.ab.type=ResNetGenrator"], "no generator is called 'ResNetGenrator'. Nearest: 'Re"),
        (["--data", "not/there", "--set", "data.crop_size=16"], "not/there"),
        (["--device", "gpu"], "no device is called 'gpu'"),
        (["--resume"], "there is no checkpoint to resume from"),
        (["--max-steps", "0"], "--max-steps"),
        (["--precision", "fp8"], "'fp8' is not one of 'fp32', 'tf32', 'bf16', 'fp16'"),
        (["--seed", "9" * 30], "'--seed'"),
    ],
)
def test_an_error_of_the_user_is_one_message(run, tiny, tmp_path, options, message):
    outcome = run("train", tiny, "--device", "cpu", *options)
    assert outcome.code == 2
    assert message in outcome.err
    assert "Traceback" not in outcome.err
    assert not (tmp_path / "runs").exists()


def test_an_empty_domain_is_one_message(run, tiny, tmp_path):
    run("data", "make", "stripes", "photos", "--size", "16", "--train", "1", "--test", "1")
    for image in (tmp_path / "photos" / "trainB").iterdir():
        image.unlink()
    outcome = run("train", tiny, "--data", "photos", "--set", "data.crop_size=16", "--device", "cpu")
    assert outcome.code == 2
    assert "trainB" in outcome.err


def test_an_image_that_is_a_text_file_is_one_message(run, tiny, tmp_path):
    run("data", "make", "stripes", "photos", "--size", "16", "--train", "1", "--test", "1")
    next((tmp_path / "photos" / "trainA").iterdir()).write_text("no image")
    outcome = run("train", tiny, "--data", "photos", "--set", "data.crop_size=16", "--device", "cpu")
    assert outcome.code == 2
    assert "is not an image" in outcome.err
    assert "Traceback" not in outcome.err


def test_translate_names_a_folder_without_checkpoints(run, tmp_path):
    outcome = run("translate", tmp_path, "in", "out")
    assert outcome.code == 2
    assert f"there is no checkpoint in {tmp_path / 'checkpoints'}" in outcome.err


def test_the_default_work_directory_is_named_after_method_and_data():
    assert default_work_dir(Path("configs/enco/horse2zebra.py")) == Path("runs/enco_horse2zebra")


@pytest.mark.slow
def test_a_folder_of_a_run_is_resumed_with_its_own_config_and_length(run, tiny, tmp_path):
    folder = tmp_path / "runs" / "mine"
    first = run("train", tiny, "--work-dir", folder, "--max-steps", "4", "--pause-at", "2", "--seed", "3")
    assert first.code == 0, first.err
    assert "is the work directory of a run. Continue the run: i2ikit train --resume" in run("train", folder).err
    outcome = run("train", "--resume", folder, "--set", "log.every=1")
    assert outcome.code == 0, outcome.err
    assert "log.every" in outcome.out
    assert "seed" not in outcome.out.partition("Changed since")[2].partition("networks")[0]
    assert (folder / "checkpoints" / "step_000004.pt").is_file()
    assert not (folder / "checkpoints" / "step_000006.pt").exists()


def test_a_folder_without_a_run_is_refused_with_a_way_out(run, tmp_path):
    assert "there is no run in nothing, and no config of that name" in run("train", "--resume", "nothing").err
    outcome = run("train", "--resume", tmp_path)
    assert outcome.code == 2
    assert "is a folder without a run: it has no config.py. Give a config or a work directory." in outcome.err
    (tmp_path / "config.py").write_text("")
    assert "leave out --work-dir other" in run("train", "--resume", tmp_path, "--work-dir", "other").err
