"""A folder for the hub is complete, names no place of this machine, and appears whole or not at all."""

import json
from hashlib import sha256

import pytest
from PIL import Image

from i2ikit.errors import I2IKitError, RunError
from i2ikit.inference.export.hub_folder import export_hub
from i2ikit.inference.trained_model import TrainedModel


def test_the_folder_holds_weights_config_page_and_images(trained, tmp_path):
    model = trained(data={"train": {"type": "UnpairedFolders", "root": "/home/me/horses"}})
    Image.new("RGB", (2, 2)).save(tmp_path / "x.png")
    assert export_hub(model, tmp_path / "hub", "# page\n", {"samples/0_input.png": tmp_path / "x.png"}) == ["ab"]
    names = {path.relative_to(tmp_path / "hub").as_posix() for path in (tmp_path / "hub").rglob("*") if path.is_file()}
    assert names == {".gitattributes", "README.md", "config.json", "model.safetensors", "samples/0_input.png"}
    about = json.loads((tmp_path / "hub" / "config.json").read_text())
    assert about["sha256"] == sha256((tmp_path / "hub" / "model.safetensors").read_bytes()).hexdigest()
    assert about["outputs"] == {"ab": {"source": "a", "target": "b", "expression": "ab(a)"}}
    assert (about["step"], about["versions"]) == (7, {"i2ikit": "0.1.0"})
    assert "/home" not in json.dumps(about)
    assert (tmp_path / "hub" / "README.md").read_text() == "# page\n"
    again = TrainedModel(tmp_path / "hub")
    assert list(again.outputs) == ["ab"]
    assert again.checkpoint.config == about["config"]


def test_a_folder_with_files_is_refused(trained, tmp_path):
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "own.txt").touch()
    with pytest.raises(I2IKitError, match="is not empty: name a new folder"):
        export_hub(trained(), tmp_path / "hub", "", {})
    assert [path.name for path in (tmp_path / "hub").iterdir()] == ["own.txt"]


def test_nothing_stays_after_an_error(trained, tmp_path):
    model = trained()
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(RunError, match="cannot write"):
        export_hub(model, tmp_path / "hub", "", {"x.png": tmp_path / "missing.png"})
    assert sorted(path.name for path in tmp_path.iterdir()) == before
