"""Generators of all methods run outside of i2ikit, at any size, with the same values."""

import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image
from torch import nn

import i2ikit
from i2ikit.config.find import packaged_configs
from i2ikit.config.resolve import load_config
from i2ikit.errors import CheckpointError, DataError, I2IKitError
from i2ikit.extras import MissingExtraError
from i2ikit.inference.export.exporting import Exported, ExportOptions, export_generator
from i2ikit.inference.export.formats import FORMATS
from i2ikit.inference.export.weights import export_weights
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.inference.translator import Translator
from i2ikit.nn.staged import StagedGenerator
from i2ikit.registry import GENERATORS
from tests.core_parts import core_parts

SIZES = [(1, 1, 33), (3, 2, 1), (2, 9, 5), (1, 17, 40)]  # batch, height, width
SMALL: dict[str, Any] = {"filters": 2, "blocks": 1, "init": "kaiming"}  # large weights: the output fills its range
GENERATORS_OF_METHODS: dict[str, dict[str, Any]] = {
    "cut": {"type": "ResNetGenerator", **SMALL},
    "cyclegan": {"type": "ResNetGenerator", **SMALL, "antialias_down": False, "antialias_up": False},
    "stripes": {"type": "ResNetGenerator", **SMALL, "antialias_down": False, "input_skip": True},
    "masked": {"type": "ResNetGenerator", **SMALL, "antialias_down": False, "input_skip": False, "mask": True},
    "cyclegan_masked": {
        "type": "ResNetGenerator",
        **SMALL,
        "antialias_down": False,
        "antialias_up": False,
        "input_skip": True,
        "mask": True,
    },
    "sincut": {"type": "StyleGAN2Generator", "filters": 1, "size": 16, "blocks": 2},
    "pix2pix": {"type": "UNetGenerator", "filters": 2, "downs": 3, "init": "kaiming"},
}
OF_PLUGINS: dict[str, dict[str, Any]] = {
    "attentiongan": {"type": "AttentionGenerator", **SMALL, "masks": 3},
    "ugatit": {"type": "UGATITGenerator", **SMALL},
}
GENERATORS_OF_METHODS |= {name: each for name, each in OF_PLUGINS.items() if each["type"] in GENERATORS.names()}
OF_SIZE = {"filters", "blocks", "size", "init"}  # what does not change which operations a generator has


def test_every_generator_of_the_core_has_a_case_here():
    def operations(config: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in config.items() if key not in OF_SIZE}

    tested = [operations(config) for config in GENERATORS_OF_METHODS.values()]
    tested.append({**operations(GENERATORS_OF_METHODS["stripes"]), "antialias_up": False})  # each half has a case
    core = {*core_parts(GENERATORS)}
    for name in packaged_configs():
        for config in load_config(packaged_configs()[name])["model"]["generators"].values():
            assert operations(config) in tested or config["type"] not in core, name
    assert {config["type"] for config in GENERATORS_OF_METHODS.values()} >= core


@pytest.mark.slow
@pytest.mark.parametrize("method", GENERATORS_OF_METHODS)
def test_onnxruntime_computes_what_the_translator_computes(method, trained, tmp_path):
    model = trained(ab=GENERATORS_OF_METHODS[method])
    done = export_generator(model, tmp_path / "out" / "g.onnx", ExportOptions("onnx"))
    assert done.difference.largest <= 1e-4
    session = onnxruntime.InferenceSession(done.path)
    translator = Translator.load(model, device="cpu")
    for size in SIZES:
        x = torch.rand(size[0], 3, *size[1:], generator=torch.Generator().manual_seed(0)) * 2 - 1
        found = session.run(None, {"image": x.numpy()})[0]
        np.testing.assert_allclose(found, translator.network(x).numpy(), rtol=0, atol=1e-4)
    assert session.run(None, {"image": np.zeros((2, 3, 1, 1), np.float32)})[0].shape == (2, 3, 1, 1)
    assert [axis.name for axis in (*session.get_inputs(), *session.get_outputs())] == ["image", "translation"]
    assert session.get_inputs()[0].shape == ["batch", 3, "height", "width"]
    assert {entry.key: entry.value for entry in onnx.load(done.path).metadata_props} == done.metadata
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["g.onnx"]


class NormAtTheBottom(StagedGenerator):
    """As plugins write it: it takes images of 4 pixels, of which its norm sees one position."""

    def __init__(self) -> None:
        down = nn.Sequential(nn.Conv2d(3, 4, 4, stride=4), nn.InstanceNorm2d(4, affine=True))
        super().__init__(3, [("down", down, 4), ("out", nn.ConvTranspose2d(4, 3, 4, stride=4), 3)], multiple=4)


@pytest.mark.parametrize("kind", ["torchscript", "torch-export"])
def test_a_norm_at_the_lowest_resolution_takes_images_of_any_size(kind, trained, tmp_path, monkeypatch):
    monkeypatch.setitem(GENERATORS.module_dict, "NormAtTheBottom", NormAtTheBottom)
    model = trained(ab={"type": "NormAtTheBottom"})
    done = export_generator(model, tmp_path / "g", ExportOptions(kind))
    assert done.difference.largest <= 1e-5
    assert Translator.load(model, device="cpu")(torch.zeros(3, 1, 1)).shape == (3, 1, 1)


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for number, (width, height) in enumerate([(16, 16), (23, 17), (40, 12)]):
        coarse = Image.fromarray(random.integers(0, 256, (4, 4, 3), np.uint8))
        coarse.resize((width, height), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    return folder


@pytest.mark.slow
def test_bytes_in_and_out_are_the_pixels_that_translate_writes(trained, photos, tmp_path):
    model = trained(ab=GENERATORS_OF_METHODS["stripes"])
    done = export_generator(model, tmp_path / "g.onnx", ExportOptions("onnx", uint8=True))
    assert done.bound == "largest at most 1"
    session = onnxruntime.InferenceSession(done.path)
    Translator.load(model, device="cpu").folder(photos, tmp_path / "out")
    for path in sorted(photos.iterdir()):
        found = session.run(None, {"image": np.asarray(Image.open(path))[None]})[0]
        expected = np.asarray(Image.open(tmp_path / "out" / path.name))
        assert found.dtype == np.uint8
        assert np.abs(found[0].astype(int) - expected).max() <= 1


def test_metadata_names_domains_config_and_values(trained, tmp_path):
    model = trained(ab=GENERATORS_OF_METHODS["pix2pix"], ba=GENERATORS_OF_METHODS["pix2pix"])
    found = export_generator(model, tmp_path / "g.pt", ExportOptions("torchscript", output="ba")).metadata
    assert (found["translation"], found["source"], found["target"]) == ("ba", "b", "a")
    assert (found["layout"], found["range"], found["step"]) == ("NCHW", "-1..1", "7")
    assert found["input"] == "float32 (batch, 3, height, width), RGB, -1 is black, 1 is white"
    assert json.loads(found["config"])["model"]["generators"] == {"ba": GENERATORS_OF_METHODS["pix2pix"]}
    assert json.loads(found["versions"]) == {"i2ikit": "0.1.0"}


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "unit"), [("fp16", "largest at most 0.024"), ("int8", "mean at most 0.063")])
def test_smaller_files_differ_by_what_is_measured(precision, unit, trained, photos, tmp_path):
    model = trained(ab={**GENERATORS_OF_METHODS["cyclegan"], "filters": 8})
    options = ExportOptions("onnx", precision=precision, calibrate=photos if precision == "int8" else None)
    done = export_generator(model, tmp_path / "g.onnx", options)
    assert done.bound == unit
    session = onnxruntime.InferenceSession(done.path)
    x = torch.from_numpy(np.array(Image.open(photos / "1.png"))).permute(2, 0, 1)[None] / 127.5 - 1
    distance = np.abs(session.run(None, {"image": x.numpy()})[0] - Translator.load(model, device="cpu")(x).numpy())
    if precision == "int8":
        assert 0 < distance.mean() < 2 * done.difference.mean + 1e-3
        used = {node.op_type for node in onnx.load(done.path).graph.node}
        assert "QuantizeLinear" in used
    else:
        assert 0 < distance.max() < 0.024
    weights = {each.data_type for each in onnx.load(done.path).graph.initializer if len(each.dims) == 4}
    assert (onnx.TensorProto.FLOAT16 if precision == "fp16" else onnx.TensorProto.INT8) in weights


def load_script(file: io.BytesIO, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit", FutureWarning)  # of later versions: it is deprecated
        return torch.jit.load(file, **options)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["torchscript", "torch-export"])
@pytest.mark.parametrize("uint8", [False, True])
def test_files_of_torch_compute_what_the_translator_computes(kind, uint8, trained, tmp_path):
    model = trained(ab=GENERATORS_OF_METHODS["stripes"])
    done = export_generator(model, tmp_path / "g.pt", ExportOptions(kind, uint8=uint8))
    content, files = io.BytesIO(done.path.read_bytes()), {"metadata.json": ""}
    if kind == "torchscript":
        network = load_script(content, _extra_files=files)
    else:
        network = torch.export.load(content, extra_files=files).module()
    assert json.loads(files["metadata.json"]) == done.metadata
    translator = Translator.load(model, device="cpu")
    for batch, height, width in SIZES:
        x = torch.randint(0, 256, (batch, 3, height, width), dtype=torch.uint8)
        expected = translator.network(x / 127.5 - 1)
        if uint8:
            found = network(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            assert (found.int() - ((expected + 1) / 2 * 255).round().int()).abs().max() <= 1
        else:
            torch.testing.assert_close(network(x / 127.5 - 1), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (ExportOptions("onnx", precision="int8"), "int8 needs images of the source domain.*--calibrate DIR"),
        (ExportOptions("onnx", calibrate=Path()), "--calibrate DIR is for --precision int8"),
        (ExportOptions("torchscript", precision="fp16"), "--precision fp16 is for --format onnx"),
        (ExportOptions("onnx", output="bc"), "has no output 'bc'; it has ab"),
    ],
)
def test_contradictions_are_refused_before_anything_is_written(options, message, trained, tmp_path):
    with pytest.raises(I2IKitError, match=message):
        export_generator(trained(), tmp_path / "new" / "g.onnx", options)
    assert not (tmp_path / "new").exists()


def test_bytes_are_refused_where_images_had_other_values(trained, tmp_path):
    with pytest.raises(I2IKitError, match=r"images of domain a were read with values 0\.\.4095: leave it out"):
        export_generator(
            trained(data={"value_range": [0, 4095]}), tmp_path / "g.pt", ExportOptions("torchscript", uint8=True)
        )


def test_a_folder_or_the_checkpoint_itself_is_no_target(trained, tmp_path):
    model = trained()
    with pytest.raises(I2IKitError, match="is a folder: name a file"):
        export_generator(model, tmp_path, ExportOptions("torchscript"))
    before = model.path.read_bytes()
    with pytest.raises(I2IKitError, match="is the checkpoint itself"):
        export_generator(model, model.path, ExportOptions("torchscript"))
    assert model.path.read_bytes() == before
    (tmp_path / "file").touch()
    with pytest.raises(I2IKitError, match="file is a file, not a folder"):
        export_generator(model, tmp_path / "file" / "g.pt", ExportOptions("torchscript"))


def test_a_missing_package_is_one_line(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("i2ikit.extras.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"--format onnx needs onnx and onnxscript and onnxruntime: pip"):
        export_generator(trained(), tmp_path / "g.onnx", ExportOptions("onnx"))


@pytest.mark.parametrize(("folder", "message"), [("none", "there is no folder"), ("empty", "there are no images in")])
def test_calibration_needs_images(folder, message, trained, tmp_path):
    (tmp_path / "empty").mkdir()
    options = ExportOptions("onnx", precision="int8", calibrate=tmp_path / folder)
    with pytest.raises(DataError, match=message):
        export_generator(trained(), tmp_path / "g.onnx", options)


def test_a_file_that_differs_is_not_written(trained, tmp_path, monkeypatch):
    def off(content: bytes) -> Any:
        network = torch.jit.load(io.BytesIO(content))
        return lambda x: network(x) + 0.01

    monkeypatch.setitem(FORMATS, "torchscript", FORMATS["torchscript"]._replace(run=off))
    with pytest.raises(CheckpointError, match=r"the largest difference is 0\.01 in -1\.\.1, and 0\.001 is accepted"):
        export_generator(trained(), tmp_path / "new" / "g.pt", ExportOptions("torchscript"))
    assert not (tmp_path / "new").exists()


def test_a_generator_that_cannot_be_exported_is_named(trained, tmp_path, monkeypatch):
    def fail(*arguments: Any) -> bytes:
        raise RuntimeError("no such operation.\nmore")

    monkeypatch.setitem(FORMATS, "torchscript", FORMATS["torchscript"]._replace(write=fail))
    with pytest.raises(
        CheckpointError, match=r"a ResNetGenerator cannot be exported as torchscript: no such operation\. Try another"
    ):
        export_generator(trained(), tmp_path / "g.pt", ExportOptions("torchscript"))


def test_the_average_is_exported_unless_raw_weights_are_asked_for(tmp_path):
    from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
    from i2ikit.generators.resnet import ResNetGenerator

    config = {
        "model": {
            "generators": {"ab": GENERATORS_OF_METHODS["cut"]},
            "averages": {"ab_mean": {"of": "generators.ab"}},
        }
    }
    model = {}
    for name in ("ab", "ab_mean"):
        network = ResNetGenerator(**SMALL)
        model |= {f"generators.{name}.{key}": value for key, value in network.state_dict().items()}
    write_checkpoint(tmp_path / "c.pt", Checkpoint(config, model))
    trained = TrainedModel(tmp_path / "c.pt")
    x = torch.rand(1, 3, 8, 8)
    done: list[Exported] = []
    for weights in ("average", "raw"):
        done.append(export_generator(trained, tmp_path / weights, ExportOptions("torchscript", weights=weights)))
        found = load_script(io.BytesIO(done[-1].path.read_bytes()))(x)
        torch.testing.assert_close(found, Translator.load(trained, "cpu", weights=weights).network(x))
    assert [each.metadata["weights"] for each in done] == ["average", "raw"]
    assert done[0].metadata["weights_hash"] != done[1].metadata["weights_hash"]
    export_weights(trained, tmp_path / "w.safetensors")
    published = TrainedModel(tmp_path / "w.safetensors")
    again = export_generator(published, tmp_path / "again", ExportOptions("torchscript"))
    assert again.metadata == done[0].metadata
    with pytest.raises(
        CheckpointError, match=r"w\.safetensors was exported with averaged weights; the raw ones are in"
    ):
        export_generator(published, tmp_path / "raw", ExportOptions("torchscript", weights="raw"))


@pytest.mark.parametrize("layout", [name for name in FORMATS if name != "torchscript"])
def test_a_file_names_no_folder_of_this_machine(layout, trained, tmp_path):
    found = export_generator(trained(), tmp_path / "g", ExportOptions(layout)).path.read_bytes()
    assert str(Path(i2ikit.__file__).parent).encode() not in found
    assert b"stack_trace" not in found


@pytest.mark.parametrize("layout", FORMATS)
def test_a_file_for_another_runtime_is_no_checkpoint(layout, trained, tmp_path):
    path = tmp_path / f"g{FORMATS[layout].extension}"
    export_generator(trained(), path, ExportOptions(layout))
    with pytest.raises(CheckpointError, match=r"is an export for another runtime, .* name the checkpoint that it was"):
        TrainedModel(path)
