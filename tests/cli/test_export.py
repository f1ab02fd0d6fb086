"""`i2ikit export` for other runtimes, and the model card of a run."""

import pytest


@pytest.fixture
def trained(run, tiny):
    done = run("train", tiny, "--work-dir", "w", "--max-steps", 1, "--device", "cpu")
    assert done.code == 0, done.err


@pytest.mark.slow
def test_a_run_is_exported_in_every_layout(run, trained, tmp_path):
    assert (tmp_path / "w" / "checkpoints" / "model_card.md").is_file()
    done = run("export", "w", "--format", "torchscript", "--out", "new/g.pt")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "ab (raw weights) -> new/g.pt"
    assert lines[1].split(maxsplit=1) == ["input", "float32 (batch, 3, height, width), RGB, -1 is black, 1 is white"]
    assert lines[3].split(maxsplit=1)[1].startswith("on 1 x 1 x 33, 2 x 5 x 9")
    assert "in -1..1; accepted: largest at most 0.001" in lines[4]
    assert run("export", "w", "--format", "safetensors", "--out", "w.safetensors").code == 0
    hub = run("export", "w", "--format", "hub", "--out", "zebras")
    assert "ab -> zebras" in hub.out.splitlines()
    assert (tmp_path / "zebras" / "samples" / "0_output.png").is_file()
    assert run("data", "make", "stripes", "own", "--train", 1, "--test", 2, "--size", 16).code == 0
    for model, output in (("w", "one"), ("w.safetensors", "two"), ("zebras", "three")):
        assert run("translate", model, "own/testA", output, "--device", "cpu").code == 0
    outputs = [(tmp_path / output / "0000.png").read_bytes() for output in ("one", "two", "three")]
    assert outputs[0] == outputs[1] == outputs[2]
    report = run("report", "w")
    assert "model card w/checkpoints/model_card.md" in report.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--format", "official", "--uint8"), "--uint8 is not for --format official"),
        (("--format", "official", "--output", "ab"), "--output is not for --format official"),
        (("--format", "onnx", "--prefix", "x"), "--prefix is not for --format onnx"),
        (("--format", "hub", "--precision", "fp16"), "--precision is not for --format hub"),
        (("--format", "safetensors", "--calibrate", "x"), "--calibrate is not for --format safetensors"),
    ],
)
def test_options_of_another_format_are_refused(options, message, run, tmp_path):
    done = run("export", "missing.pt", "--out", tmp_path / "new", *options)
    assert done.code == 2
    assert message in done.err


@pytest.mark.parametrize("layout", ["onnx", "safetensors", "hub"])
def test_a_checkpoint_that_is_missing_leaves_nothing(layout, run, tmp_path):
    done = run("export", tmp_path / "missing.pt", "--format", layout, "--out", tmp_path / "new")
    assert done.code == 2
    assert "there is no file" in done.err
    assert not list(tmp_path.iterdir())
