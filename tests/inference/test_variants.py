import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from i2ikit.errors import DataError
from i2ikit.images import Reader
from i2ikit.inference import Translator
from i2ikit.inference.failures import TooLargeError, bytes_per_pixel
from i2ikit.inference.network import TranslationNetwork
from i2ikit.inference.variants import Request, Variants, seed_of
from i2ikit.interfaces.inputs import ExtraInput
from i2ikit.ops.streams import image_generators, random_seed
from i2ikit.translation.expressions import parse
from i2ikit.translation.rendering import OutputNetwork
from i2ikit.views.base import View
from i2ikit.views.latent import Latent


class Tinted(nn.Module):
    """Adds a color that a vector gives, by random weights."""

    extra_inputs = (ExtraInput("z", "vector", size=8),)
    in_channels, multiple = 3, 4

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.color = nn.Linear(8, 3)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        return x / 2 + self.color(z).tanh()[:, :, None, None] / 2


class Styled(nn.Module):
    """Adds half of an image: at its pixels if it has one channel, else its mean color."""

    in_channels, multiple = 3, 4

    def __init__(self, size: int) -> None:
        super().__init__()
        self.extra_inputs = (ExtraInput("style", "image", size=size),)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        if style.shape[1] == 1:
            return x * style
        return (x + style.mean((2, 3), keepdim=True)) / 2


class PixelNoise(View):
    at_test = True

    def sample(self, generator: Any, progress: Any) -> int:
        return random_seed(generator)

    def forward(self, image: Tensor, *others: Any, sample: Any, expression: str, first: int = 0) -> Tensor:
        streams = image_generators(sample, expression, first, len(image))
        return image / 2 + torch.stack([torch.rand(image.shape[1:], generator=each) for each in streams]) / 4


def output(text: str, *others: str) -> OutputNetwork:
    parts = {"ab": Tinted(), "styled": Styled(3), "masked": Styled(1)}
    return OutputNetwork(parse(text), ["a", *others], parts, {"z": Latent(8), "noise": PixelNoise()})


def needed() -> float:
    found = bytes_per_pixel(output("ab(a, z)"), 3)
    assert found is not None
    return found


def tinted(**options: Any) -> Translator:
    return Translator(output("ab(a, z)"), **options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for name in ("x.png", "y.png", "deep/x.png", "z.png"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (9, 10, 3), np.uint8)).save(path)
    return tmp_path


def shown(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): Image.open(path).tobytes() for path in paths}


def test_an_image_of_a_folder_gets_the_values_of_its_name_whatever_is_translated_with_it(folder: Path):
    source = folder / "in"
    tinted().folder(source, folder / "one")
    tinted().folder(source, folder / "batches", batch=3, workers=1)
    for index in (1, 2):
        tinted().folder(source, folder / "shares", share=(index, 2))
    tinted().folder(source / "x.png", folder / "single")
    one = shown(folder / "one")
    assert len(one) == 4
    assert shown(folder / "batches") == one == shown(folder / "shares")
    assert shown(folder / "single")["x.png"] == one["x.png"]


def test_images_of_equal_pixels_and_other_names_get_other_values(folder: Path):
    source = folder / "in"
    for name in ("x.png", "y.png", "deep/x.png", "z.png"):
        Image.new("RGB", (8, 8), "gray").save(source / name)
    tinted().folder(source, folder / "out")
    assert len(set(shown(folder / "out").values())) == 4


def test_another_seed_gives_other_images_and_the_same_seed_the_same(folder: Path):
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        tinted().folder(folder / "in", folder / name, seed=seed)
    first, other = shown(folder / "first"), shown(folder / "other")
    assert shown(folder / "again") == first
    assert all(first[name] != other[name] for name in first)


def test_samples_become_numbered_files_of_which_the_first_is_that_of_the_seed(folder: Path):
    assert tinted().folder(folder / "in", folder / "many", samples=3) == 12
    tinted().folder(folder / "in", folder / "one")
    many, one = shown(folder / "many"), shown(folder / "one")
    assert {*many} == {f"{name}_{k}.png" for name in ("x", "y", "deep/x", "z") for k in range(3)}
    assert all(many[f"{name[:-4]}_0.png"] == pixels for name, pixels in one.items())
    assert len({*many.values()}) == 12
    assert tinted().folder(folder / "in" / "x.png", folder / "file", samples=2) == 2
    assert shown(folder / "file") == {name: many[name] for name in ("x_0.png", "x_1.png")}


def test_samples_that_exist_are_kept_and_the_missing_ones_are_made(folder: Path):
    tinted().folder(folder / "in", folder / "out", samples=2)
    before = shown(folder / "out")
    (folder / "out" / "y_1.png").unlink()
    done: list[tuple[int, int | None]] = []
    options: dict[str, Any] = {"samples": 2, "skip_existing": True}
    assert tinted().folder(folder / "in", folder / "out", on_progress=lambda *c: done.append(c), **options) == 1
    assert shown(folder / "out") == before
    assert done[-1][0] == 8
    (folder / "out" / "x_0.png").unlink()
    assert tinted().folder(folder / "in" / "x.png", folder / "out", **options) == 1
    assert shown(folder / "out") == before


def test_a_sample_never_replaces_its_input(folder: Path):
    Image.new("RGB", (4, 4)).save(folder / "x_1.png")
    with pytest.raises(DataError, match=r"x_1\.png would replace the input"):
        tinted().folder(folder / "x_1.png", folder / "x.png", samples=2)
    assert tinted().folder(folder / "in" / "x.png", folder / "in", samples=2) == 2


def test_calls_place_images_by_their_index():
    x, translate = torch.zeros(3, 3, 8, 8), tinted()
    batch = translate(x)
    assert len({tuple(each.flatten().tolist()) for each in batch}) == 3
    torch.testing.assert_close(torch.stack(translate(list(x))), batch)
    torch.testing.assert_close(torch.stack([*translate.stream(iter(x), batch=2)]), batch)
    torch.testing.assert_close(translate(x[0]), batch[0])
    assert not torch.allclose(translate(x[0], seed=1), batch[0])
    assert not torch.allclose(next(translate.stream(iter(x), seed=1)), batch[0])


def test_samples_of_a_call_are_a_list_for_each_image():
    x, translate = torch.zeros(2, 3, 8, 8), tinted()
    one = translate(x[0], samples=3, seed=5)
    torch.testing.assert_close(one[0], translate(x[0], seed=5))
    assert not torch.allclose(one[0], one[1])
    assert not torch.allclose(one[1], one[2])
    many = translate(list(x), samples=2, seed=5)
    assert [len(each) for each in many] == [2, 2]
    torch.testing.assert_close(many[0][1], one[1])


def test_images_that_need_calls_of_their_own_keep_their_values():
    x = torch.zeros(2, 3, 64, 64)
    translate = tinted()
    alone = Translator(TranslationNetwork(output("ab(a, z)"), memory=int(1.5 * 64**2 * needed())))
    assert not alone.network.fits(2 * 64**2)
    torch.testing.assert_close(alone(x), translate(x))


def test_tiles_share_a_latent_and_refuse_noise_of_pixels_and_further_images():
    x = torch.rand(1, 3, 400, 400) * 2 - 1
    tiled = Translator(TranslationNetwork(output("ab(a, z)"), memory=int(0.6 * 400**2 * needed())))
    assert not tiled.network.fits(400 * 400)
    torch.testing.assert_close(tiled(x, seed=3), tinted()(x, seed=3), atol=1e-4, rtol=0)
    noisy = Translator(TranslationNetwork(output("ab(noise(a), z)"), memory=int(0.6 * 400**2 * needed())))
    with pytest.raises(DataError, match=r"'noise' in .* draws random numbers for each pixel.*--memory.*size=N"):
        noisy(x)
    with pytest.raises(TooLargeError, match="reads b besides a, so it takes no tiles"):
        TranslationNetwork(output("styled(a, b)", "b")).tiles()


def test_equal_samples_are_refused_by_the_name_of_the_output():
    for generator, name in ((output("styled(a, a)"), r"styled\(a, a\)"), (nn.Identity(), "Identity")):
        with pytest.raises(DataError, match=f"2 samples would be equal: the output {name} reads no random value"):
            Translator(generator)(torch.zeros(3, 8, 8), samples=2)


@pytest.mark.parametrize("options", [{"seed": -1}, {"samples": 0}])
def test_numbers_out_of_their_range_are_refused(options: dict[str, int]):
    with pytest.raises(ValueError, match=next(iter(options))):
        tinted()(torch.zeros(3, 8, 8), **options)


def test_a_further_image_is_given_once_for_all_or_by_a_folder_of_the_same_names(folder: Path):
    translate = Translator(output("styled(a, b)", "b"))
    (folder / "styles" / "deep").mkdir(parents=True)
    for name, level in (("x.png", 0), ("y.jpg", 255), ("deep/x.png", 100), ("z.png", 255)):
        Image.new("RGB", (16, 5), (level,) * 3).save(folder / "styles" / name)
    translate.folder(folder / "in", folder / "each", batch=4, inputs={"b": folder / "styles"})
    translate.folder(folder / "in", folder / "all", inputs={"b": folder / "styles" / "x.png"})
    for name, white in (("x.png", False), ("y.png", True), ("z.png", True)):
        image, style = Image.open(folder / "in" / name), Image.new("RGB", (16, 5), "white" if white else "black")
        for folder_name, given in (("each", style), ("all", Image.new("RGB", (16, 5)))):
            wanted = translate(image, inputs={"b": given})
            found = np.asarray(Image.open(folder / folder_name / name), int)
            assert np.abs(found - np.asarray(wanted, int)).max() <= 1
    dark, bright = (translate(torch.zeros(3, 8, 8), inputs={"b": torch.full((3, 4, 4), v)}) for v in (-1.0, 1.0))
    assert (dark.mean(), bright.mean()) == (-0.5, 0.5)


def test_a_file_without_its_further_image_fails_alone(folder: Path):
    (folder / "styles").mkdir()
    Image.new("RGB", (4, 4)).save(folder / "styles" / "x.png")
    with pytest.raises(DataError, match=r"3 could not be translated[\s\S]*the input 'b' of y.png is missing"):
        Translator(output("styled(a, b)", "b")).folder(folder / "in", folder / "out", inputs={"b": folder / "styles"})
    assert [*shown(folder / "out")] == ["x.png"]


@pytest.mark.parametrize("size", [None, 16])
def test_a_mask_is_read_as_in_training_and_follows_size_and_padding(folder: Path, size: int | None):
    levels = np.zeros((9, 10), np.uint8)
    levels[:, 5:] = 255
    Image.fromarray(levels).save(folder / "mask.png")
    translate = Translator(output("masked(a, a_mask)", "a_mask"), size=size)
    found = translate(torch.full((3, 9, 10), 0.5), inputs={"a_mask": folder / "mask.png"})
    assert found.shape == (3, 9, 10)
    assert torch.allclose(found[:, :, :4], torch.zeros(()), atol=0.05)
    assert torch.allclose(found[:, :, 6:], torch.tensor(0.5), atol=0.05)
    given = torch.from_numpy(levels / 255).float()[None]
    torch.testing.assert_close(translate(torch.full((3, 9, 10), 0.5), inputs={"a_mask": given}), found)
    with pytest.raises(TypeError, match="the mask 'a_mask' is a path or a tensor"):
        translate(torch.zeros(3, 9, 10), inputs={"a_mask": levels})


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, r"styled\(a, b\) reads 'b' besides its image; 'b' is missing: give each by --input NAME=FILE"),
        ({"bb": "x.png"}, r"there is no input 'bb': the output styled\(a, b\) reads 'b' besides.*Nearest: 'b'"),
        ({"b": "nowhere.png"}, "there is no image and no folder at nowhere.png, the input 'b'"),
    ],
)
def test_inputs_are_checked_before_anything_is_translated(folder: Path, inputs: dict[str, str], message: str):
    translate = Translator(output("styled(a, b)", "b"))
    for call in (
        lambda: translate.folder(folder / "in", folder / "out", inputs=inputs),
        lambda: translate(torch.zeros(3, 8, 8), inputs=inputs),
        lambda: translate.file(folder / "in" / "x.png", folder / "out.png", inputs=inputs),
    ):
        with pytest.raises(DataError, match=message):
            call()
    assert not (folder / "out").exists()


@pytest.mark.parametrize("single", [False, True])
def test_an_output_never_replaces_a_further_input(folder: Path, single: bool):
    styles = folder / "styles"
    shutil.copytree(folder / "in", styles)
    before = {path: path.read_bytes() for path in styles.rglob("*.png")}
    translate = Translator(output("styled(a, b)", "b"))
    source, given = (folder / "in" / "x.png", styles / "x.png") if single else (folder / "in", styles)
    with pytest.raises(DataError, match=r"would replace the input \S+styles"):
        translate.folder(source, styles, inputs={"b": str(given)})
    if single:
        with pytest.raises(DataError, match=r"would replace the input \S+styles"):
            translate.file(source, given, inputs={"b": given})
    assert {path: path.read_bytes() for path in styles.rglob("*.png")} == before


def test_the_frames_of_an_animation_share_their_values(tmp_path: Path):
    frames = [Image.new("RGB", (8, 8), (level,) * 3) for level in (100, 104, 108)]
    frames[0].save(tmp_path / "x.png", save_all=True, append_images=frames[1:])
    tinted().file(tmp_path / "x.png", tmp_path / "y.png", seed=2)
    with Image.open(tmp_path / "y.png") as found:
        colors = []
        for index in range(found.n_frames):
            found.seek(index)
            colors.append(np.asarray(found.convert("RGB"), int)[0, 0])
    assert len(colors) == 3
    assert np.abs(np.diff(colors, axis=0) - 2).max() <= 1  # half of the 4 levels between the frames


def test_places_and_seeds_are_the_same_on_all_machines():
    (variant,) = Request().variants("deep/x.png")
    assert variant.place == 7112712637191574094  # blake2b of the name
    assert seed_of(7, 0) == 7
    assert len({seed_of(seed, k) for seed in range(9) for k in range(9)}) == 81


def test_a_network_that_draws_and_reads_nothing_stays_compiled():
    variants = Variants(TranslationNetwork(output("styled(a, a)")), Reader(), Reader())
    assert variants.of_batch(variants.request().variants("x")) is variants.network
