"""`i2ikit translate` on folders: precision, shares, what is there already, and a process that is killed."""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer import BadParameter

from i2ikit.cli.translate import _memory as parse_memory
from i2ikit.cli.translate import describe_sequence
from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.files import TEMPORARY
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference.ray_engine import Model, Worker
from i2ikit.inference.sequences.flicker import FlickerResult
from i2ikit.inference.sequences.translate import SequenceResult
from i2ikit.registry import GENERATORS
from tests.warm import WarmPython

TIMEOUT = 120  # seconds


def make_checkpoint(path: Path, filters: int = 4) -> Path:
    torch.manual_seed(0)
    network = ResNetGenerator(filters=filters, blocks=1, init="normal", init_gain=0.3)
    config = {"model": {"generators": {"ab": {"type": "ResNetGenerator", "filters": filters, "blocks": 1}}}}
    weights = {f"generators.ab.{name}": value for name, value in network.state_dict().items()}
    write_checkpoint(path, Checkpoint(config=config, model=weights))
    return path


def make_photos(folder: Path, count: int, side: int = 16) -> list[str]:
    folder.mkdir()
    random = np.random.default_rng(0)
    names = [f"{number}.png" for number in range(count)]
    for name in names:
        Image.fromarray(random.integers(0, 255, (side, side, 3), np.uint8)).save(folder / name)
    return names


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of twelve photos in the folder ``in``, beside the checkpoint ``x.pt``; both in the current folder."""
    monkeypatch.chdir(tmp_path)
    make_checkpoint(tmp_path / "x.pt")
    return make_photos(tmp_path / "in", 12)


def pixels(folder: str) -> dict[str, bytes]:
    return {path.name: Image.open(path).tobytes() for path in Path(folder).iterdir()}


def test_options_of_speed_change_no_pixel_by_more_than_rounding(run, photos):
    assert run("translate", "x.pt", "in", "out", "--device", "cpu").code == 0
    for number, options in enumerate((["--batch", "3", "--workers", "1"], ["--batch", "auto", "--precision", "bf16"])):
        outcome = run("translate", "x.pt", "in", f"out{number}", "--device", "cpu", *options)
        assert outcome.out == f"12 files written to out{number}\n"
    plain, batched, coarse = (pixels(folder) for folder in ("out", "out0", "out1"))
    for name in photos:
        values, other, rough = (np.frombuffer(found[name], np.uint8).astype(int) for found in (plain, batched, coarse))
        assert np.abs(values - other).max() <= 1
        assert np.abs(values - rough).mean() < 4


def test_shares_of_machines_and_of_their_ranks_make_the_whole_folder(run, photos, monkeypatch):
    for index in (1, 2):
        for rank in (0, 1):
            with monkeypatch.context() as patch:
                for name, value in {
                    "RANK": rank,
                    "WORLD_SIZE": 2,
                    "MASTER_ADDR": "localhost",
                    "MASTER_PORT": 1,
                }.items():
                    patch.setenv(name, str(value))
                before = {*Path("out").glob("*")}
                outcome = run("translate", "x.pt", "in", "out", "--device", "cpu", "--shard", f"{index}/2")
                assert outcome.code == 0
                count = len({*Path("out").glob("*")} - before)
                assert outcome.out.startswith(f"{count} file")
    assert sorted(pixels("out")) == sorted(photos)


def test_complete_outputs_are_kept(run, photos):
    run("translate", "x.pt", "in", "out", "--device", "cpu")
    before = Path("out", photos[1]).stat().st_mtime_ns
    os.truncate(Path("out", photos[0]), 100)
    outcome = run("translate", "x.pt", "in", "out", "--device", "cpu", "--skip-existing")
    assert outcome.out == "1 file written to out\n"
    assert Path("out", photos[1]).stat().st_mtime_ns == before
    assert sorted(pixels("out")) == sorted(photos)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--shard", "0/2"), "'0/2' is no share such as 1/4"),
        (("--shard", "half"), "'half' is no share such as 1/4"),
        (("--batch", "0"), "'0' is neither auto nor a number from 1"),
        (("--workers", "0"), "Invalid value for '--workers'"),
        (("--precision", "fp8"), "'fp8' is not one of 'fp32', 'bf16', 'fp16'"),
        (("--precision", "fp16", "--device", "cpu"), "fp16 needs a CUDA device"),
        (("--engine", "ray", "--shard", "1/2"), "--shard and --engine ray exclude each other"),
    ],
)
def test_wrong_options_are_named(run, photos, options: tuple[str, ...], message: str):
    outcome = run("translate", "x.pt", "in", "out", *options)
    assert outcome.code == 2
    assert message in " ".join(outcome.err.split())
    assert not Path("out").exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Windows has other signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_folder_that_was_killed_is_completed_by_the_next_start(run, python, tmp_path, monkeypatch, number):
    monkeypatch.chdir(tmp_path)
    make_checkpoint(tmp_path / "x.pt", filters=8)
    names = make_photos(tmp_path / "in", 200, side=96)
    code, err = stopped(python, number, lambda: len([*Path("out").glob("*.png")]) >= 5, "in", "out")
    done = {path.name: path.stat().st_mtime_ns for path in Path("out").glob("*.png")}
    assert 5 <= len(done) < len(names)
    if number == signal.SIGINT:
        assert code == 130
        assert f"interrupted: {len(done)} of {len(names)} images written to out" in err
        assert not [*Path("out").glob(f".*{TEMPORARY}")]
    outcome = run("translate", "x.pt", "in", "out", "--device", "cpu", "--skip-existing")
    assert outcome.out == f"{len(names) - len(done)} files written to out\n"
    assert sorted(pixels("out")) == sorted(names)
    assert {name: Path("out", name).stat().st_mtime_ns for name in done} == done


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Windows has other signals")
@pytest.mark.parametrize("name", ["large.tif", "walk.mp4"])
def test_an_interrupted_file_leaves_nothing(python, tmp_path, monkeypatch, name: str):
    monkeypatch.chdir(tmp_path)
    make_checkpoint(tmp_path / "x.pt", filters=8)
    if name == "large.tif":
        Image.effect_noise((800, 800), 50).convert("RGB").save(name)
    else:
        save_video(Path(name))
    begun = lambda: bool([*Path("out").glob(f".*{TEMPORARY}")])  # noqa: E731
    code, err = stopped(python, signal.SIGINT, begun, name, f"out/{name}", "--memory=40MB")
    assert code == 130
    assert err.endswith("i2ikit: interrupted\n")
    assert not [*Path("out").iterdir()]


def stopped(python: WarmPython, number: int, when: Callable[[], bool], *arguments: str) -> tuple[int, str]:
    """Translate with ``x.pt`` until ``when()``, then send a signal; return the exit code and the errors."""
    command = ("-m", "i2ikit", "translate", "x.pt", *arguments, "--device=cpu")
    process = python.start(*command, files=(Path(os.devnull), Path("output.txt"), Path("errors.txt")))
    end = time.monotonic() + TIMEOUT
    while not when():
        assert process.poll() is None, Path("errors.txt").read_text()
        assert time.monotonic() < end
        time.sleep(0.002)
    process.send_signal(number)
    code = process.wait(TIMEOUT)
    return code, Path("errors.txt").read_text()


def save_video(path: Path) -> None:
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 128, "yuv420p"
        for number in range(300):
            pixels = np.full((128, 128, 3), number % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


def save_gif(path: Path) -> None:
    frames = [Image.effect_noise((40, 40), 20 + number).convert("RGB") for number in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=50)


def test_files_with_several_frames_are_reported_with_their_flicker(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    make_checkpoint(tmp_path / "x.pt")
    save_gif(tmp_path / "in.gif")
    flicker = {}
    for smooth in ("0", "0.9"):
        outcome = run("translate", "x.pt", "in.gif", "out.gif", "--smooth", smooth, "--device", "cpu")
        line, rest = outcome.out.split("\n", 1)
        assert rest == "1 file written to out.gif\n"
        found = re.fullmatch(r"in\.gif: 3 frames; flicker (\S+) % before, (\S+) % after, (\S+) times as much", line)
        before, flicker[smooth], times = map(float, found.groups())
        assert times == pytest.approx(flicker[smooth] / before, rel=0.1)
    assert flicker["0.9"] < flicker["0"]


def test_flicker_is_left_out_where_it_is_unknown_and_no_multiple_of_nothing():
    assert describe_sequence(SequenceResult(1)) == "1 frame"
    assert describe_sequence(SequenceResult(5, FlickerResult(0, 0.01))) == ("5 frames; flicker 0 % before, 1 % after")


def test_smoothing_outside_of_its_range_is_refused(run):
    assert run("translate", "x.pt", "in.gif", "out.gif", "--smooth", "1.5").code == 2


@pytest.mark.parametrize(
    ("text", "size"), [("2GB", 2**31), ("500MB", 500 * 2**20), ("1.5 g", 3 * 2**29), ("64KiB", 2**16)]
)
def test_memory_is_an_amount_with_a_unit(text: str, size: int):
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["2", "GB", "0GB", "-1GB", "1e3MB", "2 PB", ""])
def test_any_other_memory_is_refused_with_an_example(text: str):
    with pytest.raises(BadParameter, match="is no amount of memory such as 2GB or 500MB"):
        parse_memory(text)


TINTED = '''
import torch
from torch import nn

from i2ikit.interfaces.inputs import ExtraInput
from i2ikit.registry import GENERATORS


@GENERATORS.register_module(force=True)
class TintedByStyle(nn.Module):
    """The mean color of a style and the color of a vector."""

    extra_inputs = (ExtraInput("z", "vector", size=3), ExtraInput("style", "image", size=3))
    in_channels = out_channels = 3

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, x, z, style):
        return x / 2 + self.gain * z.tanh()[:, :, None, None] / 8 + style.mean((2, 3), keepdim=True) / 4
'''


@pytest.fixture
def tinted(photos):
    """A file with a generator of one's own, which no other test sees."""
    Path("tinted.py").write_text(TINTED)
    yield Path("tinted.py")
    GENERATORS.module_dict.pop("TintedByStyle", None)


def test_a_seed_samples_and_a_second_image_reach_the_output(run, photos, tinted):
    model = {
        "generators": {"ab": {"type": "TintedByStyle"}},
        "views": {"z": {"type": "Latent", "size": 3}},
        "outputs": {"ab": "ab(a, z, b)"},
    }
    write_checkpoint(Path("z.pt"), Checkpoint(config={"model": model}, model={"generators.ab.gain": torch.ones(())}))
    Image.new("RGB", (4, 4), "white").save("white.png")
    Image.new("RGB", (4, 4), "black").save("black.png")
    command = ("translate", "z.pt", "in", "--device", "cpu", "--import", "tinted.py", "--input")
    done = run(*command, "b=white.png", "out", "--samples", "2", "--seed", "3", "--batch", "5")
    assert "24 files written to out" in done.out, done.err
    found = pixels("out")
    assert sorted(found) == sorted(f"{name[:-4]}_{k}.png" for name in photos for k in (0, 1))
    assert len(set(found.values())) == 24
    assert run(*command, "b=white.png", "one", "--seed", "3", "--shard", "1/2").code == 0
    assert {f"{name[:-4]}_0.png": value for name, value in pixels("one").items()}.items() <= found.items()
    model_of = Model(Path("z.pt"), "cpu", imports=(tinted,))
    worker = Worker(model_of, "in", "ray", {"samples": 2, "seed": 3, "inputs": {"b": Path("white.png")}}, 2)
    assert [worker({"share": [index]})["written"] for index in (1, 2)] == [[12], [12]]
    assert pixels("ray") == found
    assert run(*command, "b=black.png", "dark", "--seed", "3").code == 0
    assert sum(map(sum, pixels("dark").values())) < sum(sum(found[f"{name[:-4]}_0.png"]) for name in photos)
    for inputs, message in (
        ("c=white.png", "there is no input 'c': the output ab(a, z, b) reads 'b' besides its image"),
        ("white.png", "'white.png' is no input such as b=style.png"),
    ):
        failed = run(*command, inputs, "no")
        assert failed.code == 2
        assert message in " ".join(failed.err.replace("│", " ").split())
    failed = run("translate", "x.pt", "in", "no", "--samples", "2")
    assert "2 samples would be equal: the output ab(a) reads no random value" in " ".join(failed.err.split())
    assert not Path("no").exists()


def test_sizes_beyond_the_limit_are_refused_with_it(run):
    outcome = run("translate", "x.pt", "in", "out", "--size", "32769")
    assert outcome.code == 2
    assert "less than or equal to 32768" in outcome.err
