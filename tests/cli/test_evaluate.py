"""Pain 3: the figures of a run are those that its checkpoint is measured to have, by one command, protocol included."""

import json

import pytest

METRICS = """
metrics = dict(wasserstein=dict(type="SlicedWasserstein", per_image=16, directions=8), truth=dict(type="PSNR"),
               diversity=dict(type="Diversity"))
"""


@pytest.mark.slow
def test_a_checkpoint_is_measured_as_its_run_was(run, tiny, tmp_path):
    tiny.write_text(tiny.read_text() + METRICS)
    options = ("--max-steps", 2, "--device", "cpu", "--set", "data.crop_size=16")
    assert run("train", tiny, "--work-dir", "runs/x", *options).code == 0
    logged = json.loads((tmp_path / "runs/x/log.jsonl").read_text().splitlines()[-1])
    found = json.loads(run("evaluate", "runs/x", "--json", "--device", "cpu").out)
    assert found["metrics"] == pytest.approx(logged["metrics"], rel=1e-4)
    own = {"step": 2}  # which is beside the protocol in a log
    assert found["protocol"] == {**logged["protocol"], **own}

    table = run("evaluate", "runs/x", "--metrics", "truth", "--device", "cpu")
    assert table.code == 0
    assert "truth.db" in table.out
    assert "size            16x16" in table.out
    assert "Stripes(" in table.out

    assert run("data", "make", "stripes", "own", "--train", 1, "--test", 3, "--size", 16).code == 0
    other = run("evaluate", "runs/x", "--data", "own", "--metrics", "truth,content", "--json", "--device", "cpu")
    assert json.loads(other.out)["protocol"]["images"] == 3
    wrong = run("evaluate", "runs/x", "--metrics", "trutj")
    assert wrong.code == 2
    assert "no metric is called 'trutj'. Nearest: 'truth'" in wrong.err
    assert run("evaluate", "runs/x", "--output", "ba").code == 2


@pytest.mark.slow
def test_two_folders_are_measured_without_a_model(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("data", "make", "stripes", "own", "--train", 1, "--test", 3, "--size", 16).code == 0
    found = run("evaluate", "--images", "own/testA", "own/testB", "--metrics", "psnr,ssim,lpips", "--device", "cpu")
    assert found.code == 0
    assert "psnr.db" in found.out
    assert "lpips cannot be measured:" in found.out
    nothing = run("evaluate", "--images", "own/testA", "own/trainB", "--metrics", "psnr", "--device", "cpu")
    assert nothing.code == 2
    assert "PSNR needs paired test images" in nothing.out
    assert "nothing could be measured" in nothing.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name a checkpoint, or two folders"),
        (("run", "--images", "a", "b"), "name a checkpoint, or two folders"),
        (("--images", "a", "b", "--data", "c"), "--data, --output and --weights belong to a checkpoint"),
    ],
)
def test_contradictions_are_refused(run, arguments, message):
    found = run("evaluate", *arguments)
    assert found.code == 2
    assert message in found.err


def test_more_channels_than_an_image_has_are_refused_with_the_limit(run):
    outcome = run("evaluate", "--images", "x", "y", "--channels", "65")
    assert outcome.code == 2
    assert "less than or equal to 64" in outcome.err
