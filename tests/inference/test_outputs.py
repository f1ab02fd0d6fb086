"""Outputs have the depth and the channels of their inputs.

Pain 4 of users: 16-bit, TIFF, npy and many channels are reduced to 8-bit PNG. Pain 15: grayscale becomes RGB.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from i2ikit.config import resolve_config
from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.engine.train import train
from i2ikit.errors import CheckpointError, ConfigError, DataError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.images import DecodedImage, Reader
from i2ikit.inference import Translator
from i2ikit.inference.outputs import holding, output_image

CONFIG = """
LSGAN = dict(type="LSGANLoss")
FOLDERS = dict(type="UnpairedFolders", root="{root}", transform=dict(type="ResizeCropFlip", load_size=20, crop_size=16))
model = dict(
    type="UnpairedTranslation",
    generators=dict(ab=dict(type="ResNetGenerator", filters=4, blocks=1)),
    discriminators=dict(b=dict(type="PatchGANDiscriminator", filters=4, layers=1)),
    phases=dict(
        discriminate=dict(update=["discriminators"], terms=dict(
            d=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="ab(a)", loss=LSGAN))),
        generate=dict(update=["generators"], terms=dict(
            gan=dict(type="AdversarialTerm", discriminator="b", image="ab(a)", loss=LSGAN),
            same=dict(type="PixelTerm", image="ab(a)", target="a", loss=dict(type="L1Loss"), weight=10.0)))),
)
optimizer = dict(type="Adam", lr=2e-3)
data = dict(workers=0, train=FOLDERS, test=dict(FOLDERS, split="test"), {data})
train = dict(steps=50)
samples = dict(every=25, count=2)
"""
Write = Callable[[Path, NDArray[np.float64]], None]


def sixteen_bits(path: Path, image: NDArray[np.float64]) -> None:
    Image.fromarray((image[:, :, 0] * 65535).round().astype(np.uint16)).save(path.with_suffix(".png"))


def five_channels(path: Path, image: NDArray[np.float64]) -> None:
    np.save(path.with_suffix(".npy"), (image * 3000 - 1000).astype(np.int16))


def fill(root: Path, write: Write) -> None:
    draw = np.random.default_rng(0)
    for folder in ("trainA", "trainB", "testA", "testB"):
        (root / folder).mkdir(parents=True)
        for k in range(3):
            write(root / folder / f"scan {k}", draw.random((20, 24, 5)) * np.linspace(0.2, 1, 24)[:, None])


def trained(folder: Path, write: Write, data: str) -> Path:
    """Train for fifty steps and return the work directory."""
    fill(folder / "data", write)
    path = folder / "tiny.py"
    path.write_text(CONFIG.format(root=(folder / "data").as_posix(), data=data))
    train(resolve_config(path), work_dir=folder / "run")
    return folder / "run" / "checkpoints" / "step_000050.pt"


@pytest.mark.slow
def test_pains_4_and_15_a_model_of_sixteen_bit_gray_outputs_sixteen_bit_gray(tmp_path: Path) -> None:
    checkpoint = trained(tmp_path, sixteen_bits, "channels=1")
    translator = Translator.load(checkpoint)
    assert translator.folder(tmp_path / "data/testA", tmp_path / "out") == 3
    with Image.open(tmp_path / "out" / "scan 1.png") as output:
        found = np.asarray(output)
        assert output.mode == "I;16"
    assert found.shape == (20, 24)
    assert len(np.unique(found % 256)) > 100  # not 8 bits in 16
    with Image.open(next((tmp_path / "run").rglob("step_000050.jpg"))) as samples:
        assert samples.mode == "RGB"


@pytest.mark.slow
def test_pain_4_a_model_of_five_channels_outputs_five_channels(tmp_path: Path) -> None:
    checkpoint = trained(tmp_path, five_channels, "channels=5, value_range=[-1000, 2000]")
    translator = Translator.load(checkpoint)
    assert translator.folder(tmp_path / "data/testA", tmp_path / "out") == 3
    found = np.load(tmp_path / "out" / "scan 1.npy")
    assert (found.shape, found.dtype) == ((20, 24, 5), np.int16)
    given = np.load(tmp_path / "data/testA/scan 1.npy")
    assert (
        np.abs(found.astype(float) - given).mean() < 900
    )  # it learned to copy somewhat; two random ones differ by 1000
    assert -1000 <= found.min() < found.max() <= 2000


class Same(nn.Module):
    """Returns its input, with another number of channels if asked."""

    def __init__(self, in_channels: int = 3, out_channels: int | None = None) -> None:
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels or in_channels

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(1, keepdim=True).expand(-1, self.out_channels, -1, -1) if self.out_channels != x.shape[1] else x


RNG = np.random.default_rng(0)
FILES: dict[str, tuple[int, Callable[[Path], None]]] = {
    "gray 16.png": (1, lambda path: sixteen_bits(path, RNG.random((9, 12, 1)))),
    "gray 8.png": (1, lambda path: Image.fromarray(RNG.integers(0, 256, (9, 12), dtype=np.uint8)).save(path)),
    "gray.jp2": (1, lambda path: Image.fromarray(RNG.integers(0, 256, (9, 12), dtype=np.uint8)).save(path)),
    "gray float.tif": (1, lambda path: tifffile.imwrite(path, RNG.random((9, 12), np.float32))),
    "color 16.tif": (3, lambda path: tifffile.imwrite(path, RNG.integers(0, 65536, (9, 12, 3), dtype=np.uint16))),
    "color double.tif": (3, lambda path: tifffile.imwrite(path, RNG.random((9, 12, 3)), photometric="rgb")),
    "seven planes.tif": (7, lambda path: tifffile.imwrite(path, RNG.random((7, 9, 12)), planarconfig="separate")),
    "seven pages.tif": (7, lambda path: tifffile.imwrite(path, RNG.random((7, 9, 12)), photometric="minisblack")),
    "two.npy": (2, lambda path: np.save(path, RNG.random((2, 9, 12)))),
    "flat.npz": (1, lambda path: np.savez(path, RNG.integers(0, 256, (9, 12), dtype=np.uint8))),
    "sixty-four.npy": (64, lambda path: np.save(path, RNG.random((9, 12, 64)).astype(np.float16))),
}


def stored(path: Path) -> NDArray[Any]:
    """Return the content of a file, read by other libraries."""
    if path.suffix == ".npy":
        return np.load(path)
    if path.suffix == ".npz":
        return np.load(path)["arr_0"]
    return tifffile.imread(path) if path.suffix == ".tif" else np.asarray(Image.open(path))


@pytest.mark.parametrize("name", FILES)
def test_an_output_has_the_type_shape_and_range_of_its_input(tmp_path: Path, name: str) -> None:
    channels, write = FILES[name]
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / name)
    assert Translator(Same(channels)).folder(tmp_path / "in", tmp_path / "out") == 1
    given, found = stored(tmp_path / "in" / name), stored(tmp_path / "out" / name)
    assert (found.dtype, found.shape) == (given.dtype, given.shape)
    if name.endswith(".jp2"):
        return  # its numbers are not lossless
    assert np.allclose(found, given, rtol=0, atol=1e-6 if found.dtype.kind == "f" else 0)


def test_more_channels_than_a_format_holds_become_tiff(tmp_path: Path) -> None:
    Image.fromarray(RNG.integers(0, 256, (9, 12, 3), dtype=np.uint8)).save(tmp_path / "x.png")
    Translator(Same(3, 5), target=Reader(5)).folder(tmp_path / "x.png", tmp_path / "out")
    found = tifffile.imread(tmp_path / "out" / "x.tif")
    assert (found.shape, found.dtype) == ((9, 12, 5), np.uint8)


def test_the_range_of_the_target_domain_is_written_in_a_type_that_holds_it() -> None:
    image, ones = DecodedImage(Image.new("L", (3, 2))), torch.ones(1, 2, 3)
    source, target = Reader(1), Reader(1, value_range=[0, 4095])
    output = output_image(ones, image, source, target)
    assert (output.dtype, output.limits) == (np.uint16, (0, 4095))
    assert output_image(ones, image, source, source).dtype == np.uint8


@pytest.mark.parametrize(
    ("dtype", "limits", "expected"),
    [
        (np.float32, (-1e9, 1e9), np.float32),
        (np.int16, (-1000, 3000), np.int16),
        (np.uint8, (-1000, 3000), np.int16),
        (np.uint8, (0, 60000), np.uint16),
        (np.uint16, (0, 1), np.float32),  # two levels would be left
        (np.uint16, (-70000, 70000), np.float32),
    ],
)
def test_a_type_is_kept_where_it_holds_the_range(dtype: type, limits: tuple[float, float], expected: type) -> None:
    assert holding(np.dtype(dtype), limits) == expected


def saved(path: Path, data: Mapping[str, Any], name: str = "ba") -> Path:
    generator = {"type": "ResNetGenerator", "filters": 4, "blocks": 1}
    state = {
        f"generators.{name}.{key}": value for key, value in ResNetGenerator(filters=4, blocks=1).state_dict().items()
    }
    config = {"model": {"generators": {name: generator}}, "data": data}
    write_checkpoint(path, Checkpoint(config=config, model=state))
    return path


def test_ranges_come_from_the_checkpoint_in_the_direction_of_the_generator(tmp_path: Path) -> None:
    data = {"value_range": {"a": [0, 10], "b": [-5, 5]}, "train": {"type": "UnpairedFolders", "clip": True}}
    translator = Translator.load(saved(tmp_path / "x.pt", data))
    assert (translator.source.value_range, translator.target.value_range) == ((-5, 5), (0, 10))
    assert translator.source.clip
    translator = Translator.load(saved(tmp_path / "y.pt", data, "ab"))
    assert translator.source.value_range == (0, 10)


def test_wrong_settings_for_reading_files_are_refused_by_the_name_of_the_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"inside \S+x\.pt cannot read files: channels must be"):
        Translator.load(saved(tmp_path / "x.pt", {"channels": 99}))


def test_pain_15_channels_that_contradict_are_one_error_before_training(tmp_path: Path) -> None:
    path = tmp_path / "tiny.py"
    path.write_text(CONFIG.format(root="x", data="channels=1"))
    with pytest.raises(ConfigError) as caught:
        resolve_config(path, ["model.generators.ab.in_channels=3"])
    assert len(caught.value.errors) == 1
    assert "is 3, but data.channels gives images of domain a 1 channel." in caught.value.errors[0]
    assert "Set data.channels=3, or model.generators.ab.in_channels=1." in caught.value.errors[0]


def test_a_range_given_for_translation_replaces_that_of_training(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.pt", {"channels": 3, "train": {"type": "UnpairedFolders"}}, "ab")
    translator = Translator.load(path, value_range=(0, 4095))
    assert translator.source.value_range == translator.target.value_range == (0, 4095)
    tifffile.imwrite(tmp_path / "x.tif", np.full((8, 8, 3), 4095, np.uint16), photometric="rgb")
    assert (np.asarray(translator.source(tmp_path / "x.tif")) == 1).all()
    ranges = {"value_range": {"a": [0, 10], "b": [-5, 5]}, "train": {"type": "UnpairedFolders", "clip": True}}
    translator = Translator.load(saved(tmp_path / "y.pt", ranges, "ab"), value_range=(0, 20))
    assert (translator.source.value_range, translator.target.value_range) == ((0, 20), (-5, 5))
    assert translator.source.clip


def test_values_out_of_range_are_refused_with_the_option_to_give(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", np.array([[0, 70000]], np.uint32))
    with pytest.raises(DataError, match=r"from 0 to 70000, .*`--value-range=0,70000` for `i2ikit translate`"):
        Translator(Same(1)).folder(tmp_path / "x.tif", tmp_path / "out")


def test_frames_that_are_left_out_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frames = [Image.new("RGB", (12, 9), (100 * k, 0, 0)) for k in range(3)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    Translator(Same())(tmp_path / "x.gif")
    assert "x.gif has 3 frames: only the first is translated; Translator.file" in caplog.text


def test_pages_that_are_channels_are_not_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tifffile.imwrite(tmp_path / "x.tif", np.zeros((5, 9, 12), np.uint8), photometric="minisblack")
    Translator(Same(5))(tmp_path / "x.tif")
    Translator(Same(1))(tmp_path / "x.tif")
    assert [record.message.partition(" has ")[2] for record in caplog.records] == [
        "5 frames: only the first is translated; Translator.file(input, output) translates all of them"
    ]
