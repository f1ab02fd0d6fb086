"""A translation through two generators and two views works everywhere, from the check to the export."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from i2ikit import Translator, api
from i2ikit.errors import CheckpointError, ConfigError
from i2ikit.inference.export.exporting import ExportOptions, export_generator
from i2ikit.inference.export.weights import export_weights
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.report.model_card import write_card
from i2ikit.translation.rendering import FixedSamples, OutputNetwork

PARTS = '''
import torch
from torch import nn

from i2ikit.nn.norms import make_norm
from i2ikit.nn.staged import StagedGenerator
from i2ikit.ops.streams import image_generators, random_seed
from i2ikit.registry import GENERATORS, VIEWS
from i2ikit.views.base import View


@GENERATORS.register_module(force=True)
class HalfEncoder(StagedGenerator):
    def __init__(self, in_channels: int = 3, width: int = 8) -> None:
        down = nn.Sequential(nn.Conv2d(in_channels, width, 4, 2, 1), make_norm("instance", width), nn.ReLU())
        stages = [("down", down, width), ("out", nn.Conv2d(width, width, 1), width)]
        super().__init__(in_channels, stages, multiple=2, smallest=8)


@GENERATORS.register_module(force=True)
class HalfDecoder(StagedGenerator):
    def __init__(self, in_channels: int = 9, out_channels: int = 3) -> None:
        up = nn.Sequential(nn.ConvTranspose2d(in_channels, 8, 4, 2, 1), make_norm("instance", 8), nn.ReLU())
        out = nn.Sequential(nn.Conv2d(8, out_channels, 3, padding=1), nn.Tanh())
        super().__init__(in_channels, [("up", up, 8), ("out", out, out_channels)], multiple=1)


@VIEWS.register_module(force=True)
class Noise(View):
    def sample(self, generator, progress):
        return random_seed(generator)

    def forward(self, image, *others, sample, expression, first=0):
        streams = image_generators(sample, expression, first, len(image))
        return image + torch.stack([torch.randn(image.shape[1:], generator=each) for each in streams]).to(image)


@VIEWS.register_module(force=True)
class AtPosition(View):
    """Appends a position as a plane."""

    at_test = True

    def __init__(self, position: float) -> None:
        super().__init__()
        self.position = position

    def sample(self, generator, progress):
        return self.position

    def forward(self, image, *others, sample, expression, first=0):
        return torch.cat([image, torch.full_like(image[:, :1], sample)], dim=1)
'''
CONFIG = """
imports = ["parts.py"]
model = dict(
    generators=dict(enc=dict(type="HalfEncoder"), dec=dict(type="HalfDecoder")),
    discriminators=dict(b=dict(type="PatchGANDiscriminator", filters=4, layers=1)),
    averages=dict(dec_mean=dict(of="generators.dec", momentum=0.5)),
    views=dict(noise=dict(type="Noise"), source=dict(type="AtPosition", position=0.0),
               target=dict(type="AtPosition", position=1.0)),
    outputs=dict(ab="dec(target(noise(enc(a))))"),
    phases=dict(
        discriminate=dict(update=["discriminators"], terms=dict(d=dict(
            type="DiscriminatorTerm", discriminator="b", real="b", fake="dec(target(noise(enc(a))))",
            loss=dict(type="LSGANLoss")))),
        generate=dict(update=["generators"], terms=dict(
            gan=dict(type="AdversarialTerm", discriminator="b", image="dec(target(noise(enc(a))))",
                     loss=dict(type="LSGANLoss")),
            rec=dict(type="PixelTerm", image="dec(source(noise(enc(a))))", target="a", loss=dict(type="L1Loss")),
            idt=dict(type="PixelTerm", image="dec(target(noise(enc(b))))", target="b", loss=dict(type="L1Loss")),
            latent=dict(type="PixelTerm", image="enc(a)", target="enc(b)", loss=dict(type="L1Loss"), weight=0.01))),
    ),
)
optimizer = dict(type="Adam", lr=2e-4)
data = dict(load_size=16, workers=0, train=dict(type="Stripes", count=3),
            test=dict(type="Stripes", split="test", count=3))
train = dict(steps=4)
samples = dict(every=2, count=2, show=["enc(a).down"])
checkpoint = dict(every=2)
metrics = dict(psnr=dict(type="PSNR"))
evaluation = dict(every=2, metric="psnr.db")
alarms = dict(inversion=dict(type="InversionAlarm", every=2, start=2))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("santa")
    (folder / "parts.py").write_text(PARTS)
    (folder / "santa.py").write_text(CONFIG)
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    api.train(folder / "santa.py", work_dir=folder / "run", quiet=True, device="cpu")
    return folder / "run"


def network(run: Path) -> Any:
    return TrainedModel(run).build_output("ab")


def test_samples_show_images_by_their_names_and_no_latents(run: Path):
    index = json.loads((run / "samples" / "step_000004" / "index.json").read_text())
    first, second = index["items"][:2]
    assert (first["domain"], second["domain"]) == ("a", "b")
    assert set(first["images"]) == {"input", "output", "dec(source(enc(a)))", "enc(a).down", "truth"}
    assert set(second["images"]) == {"input", "identity"}
    assert {"truth", "background", "change"} == set(first["values"])
    files = [run / "samples" / "step_000004" / name for name in first["images"].values()]
    for name, file in zip(first["images"], files, strict=True):
        with Image.open(file) as image:
            assert image.size == ((8, 8) if name == "enc(a).down" else (16, 16))


def test_the_run_measures_the_output_and_evaluate_finds_the_same_value(run: Path):
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    logged = next(line for line in lines if line.get("event") == "metrics" and line["step"] == 4)
    found = api.evaluate(run / "checkpoints" / "step_000004.pt", device="cpu")
    assert found.metrics == pytest.approx(logged["metrics"])
    assert (found.protocol["output"], found.protocol["weights"]) == ("ab", "average")
    assert found.protocol["images"] == 3


def test_the_output_is_one_network_without_the_noise_and_with_the_average(run: Path):
    found = network(run)
    assert isinstance(found, OutputNetwork)
    assert str(found.expression) == "dec(target(enc(a)))"
    assert (found.in_channels, found.multiple) == (3, 2)
    weights = TrainedModel(run).checkpoint.weights("generators.dec_mean")
    assert torch.equal(found.generators["dec"].state_dict()["stages.out.0.weight"], weights["stages.out.0.weight"])


def test_a_translator_keeps_the_size_of_files(run: Path, tmp_path: Path):
    Image.fromarray(np.arange(33 * 21 * 3, dtype=np.uint8).reshape(21, 33, 3)).save(tmp_path / "x.png")
    translator = Translator.load(run, "cpu")
    assert translator.folder(tmp_path / "x.png", tmp_path / "y.png") == 1
    with Image.open(tmp_path / "y.png") as written:
        assert written.size == (33, 21)


def test_tiles_are_the_whole_image(run: Path):
    x = torch.rand(1, 3, 512, 480) * 2 - 1
    whole = Translator.load(run, "cpu").network(x)
    tiled = Translator.load(run, "cpu", memory=12_000_000).network
    assert not tiled.fits(512 * 480)
    assert float((tiled(x) - whole).abs().mean()) < 2 / 255


@pytest.mark.parametrize("kind", ["torchscript", "torch-export", pytest.param("onnx", marks=pytest.mark.slow)])
def test_an_exported_file_computes_the_same(run: Path, tmp_path: Path, kind: str):
    pytest.importorskip("onnxruntime")
    done = export_generator(TrainedModel(run), tmp_path / "ab", ExportOptions(kind))
    assert (done.output, done.metadata["weights"]) == ("ab", "average")
    assert done.difference.largest < 1e-3


def test_weights_alone_translate_as_the_checkpoint(run: Path, tmp_path: Path):
    assert export_weights(TrainedModel(run), tmp_path / "w.safetensors") == ["ab"]
    again = TrainedModel(tmp_path / "w.safetensors")
    assert set(again.checkpoint.config["model"]) == {"generators", "views", "outputs"}
    x = torch.rand(2, 3, 16, 16)
    assert torch.equal(Translator.load(again, "cpu")(x), Translator.load(run, "cpu")(x))


def test_the_card_names_the_output(run: Path):
    card = write_card(run)
    assert card is not None
    assert "dec(target(noise(enc(a))))" in card.read_text()


def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(folder: Path, run: Path):
    api.train(folder / "santa.py", work_dir=folder / "resumed", quiet=True, device="cpu", pause_at=2)
    api.train(folder / "santa.py", work_dir=folder / "resumed", quiet=True, device="cpu", resume=True)
    first, second = (
        TrainedModel(each / "checkpoints" / "step_000004.pt").checkpoint for each in (run, folder / "resumed")
    )
    assert first.model.keys() == second.model.keys()
    assert all(torch.equal(value, second.model[name]) for name, value in first.model.items())


def test_random_values_depend_on_seed_and_place_and_not_on_the_batch(folder: Path, run: Path):
    kept = TrainedModel(run)
    kept.checkpoint.config["model"]["views"]["noise"]["at_test"] = True
    found = kept.build_output("ab").eval()
    x = torch.rand(1, 3, 16, 16).expand(3, -1, -1, -1)
    with torch.no_grad():
        alone, together = found(x[:1]), found(x)
        torch.testing.assert_close(together, alone.expand(3, -1, -1, -1))
        placed = found.given(FixedSamples(places=[5, 0, 5]))(x)
        torch.testing.assert_close(placed[:1], placed[2:])
        torch.testing.assert_close(placed[1:2], alone)
        assert not torch.equal(placed[:1], alone)
        torch.testing.assert_close(found.given(FixedSamples(places=4))(x)[1:2], placed[:1])
        assert not torch.equal(found.given(FixedSamples(seed=1))(x[:1]), alone)
    with pytest.raises(CheckpointError, match="draw random numbers, which an exported file cannot"):
        export_generator(kept, folder / "no", ExportOptions("torchscript"))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.outputs={ab: target(enc(a))}", "model.outputs.ab: target(enc(a)) has 9 channels, but images of domain"),
        ("model.outputs={ab: dec(target(enc(b)))}", "does not read 'a', the domain that 'ab' translates by its name"),
        ("model.outputs={ab: dec(target(encc(a)))}", "Nearest: 'enc'"),
        (
            "model.outputs={far: dec(target(enc(a)))}",
            "an output is called by its two domains, such as 'ab' or 'ab_far'",
        ),
        ("samples.show=[enc(a).dwn]", "there is no tap 'dwn'"),
        ("model.outputs={ab: target(a)}", "has no generator, so it translates nothing"),
        ("model.outputs={}", "no generator (enc, dec) has the name of two domains, 'ab' or 'ba': name the translation"),
        ("model.outputs={ab: dec(target(a))}", "model.outputs.ab: target(a) has 4, generators.dec takes 9 channels"),
    ],
)
def test_the_check_explains_an_output_that_is_none(folder: Path, override: str, message: str):
    with pytest.raises(ConfigError) as caught:
        api.load_config(folder / "santa.py", set=[override])
    assert any(message in error for error in caught.value.errors), caught.value.errors
