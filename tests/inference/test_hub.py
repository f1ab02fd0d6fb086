"""Models of the Hugging Face hub: from a folder, and from a server that speaks its protocol."""

import json
import os
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.errors import CheckpointError
from i2ikit.extras import MissingExtraError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference.export.hub_folder import export_hub
from i2ikit.inference.hub import locate
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.inference.translator import Translator

COMMIT = "0123456789abcdef0123456789abcdef01234567"
GENERATOR = {"type": "ResNetGenerator", "filters": 2, "blocks": 1, "init": "kaiming"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    state = ResNetGenerator(**{key: value for key, value in GENERATOR.items() if key != "type"}).state_dict()
    model = {f"generators.ab.{key}": value for key, value in state.items()}
    write_checkpoint(tmp_path / "c.pt", Checkpoint({"model": {"generators": {"ab": GENERATOR}}}, model))
    export_hub(TrainedModel(tmp_path / "c.pt"), tmp_path / "hub", "# page\n", {})
    return tmp_path / "hub"


class Hub:
    """A server with one model, ``owner/name``, whose branch ``main`` is at one commit."""

    def __init__(self, folder: Path) -> None:
        self.requests: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.answer(with_body=False)

            def do_GET(self) -> None:
                if "/resolve/" in self.path:  # the library asks for other things too
                    hub.requests.append(self.path)
                self.answer(with_body=True)

            def answer(self, *, with_body: bool) -> None:
                repository, _, rest = self.path.lstrip("/").partition("/resolve/")
                revision, _, name = rest.partition("/")
                wrong = "" if (folder / name).is_file() else "EntryNotFound"
                wrong = wrong if revision in ("main", COMMIT) else "RevisionNotFound"
                wrong = wrong if repository == "owner/name" else "RepoNotFound"
                content = b"" if wrong else (folder / name).read_bytes()
                self.send_response(404 if wrong else 200)
                if wrong:
                    self.send_header("X-Error-Code", wrong)
                else:
                    self.send_header("ETag", f'"{sha256(content).hexdigest()}"')
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if with_body:
                    self.wfile.write(content)

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hub(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    from huggingface_hub import constants

    server = Hub(folder)
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, server.address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", server.address)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    yield server
    server.close()


def test_a_folder_is_a_checkpoint(folder: Path, tmp_path: Path) -> None:
    x = torch.rand(1, 3, 9, 12) * 2 - 1
    expected = Translator.load(tmp_path / "c.pt", device="cpu").network(x)
    assert torch.equal(Translator.load(folder, device="cpu").network(x), expected)
    assert torch.equal(Translator.load(folder / "model.safetensors", device="cpu").network(x), expected)


def test_other_paths_stay_as_they_are(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "c.pt", Path("missing")):
        assert locate(path) == path
    assert locate("~/c.pt") == Path.home() / "c.pt"


def test_a_model_is_fetched_and_its_commit_and_hash_are_named(hub: Hub, folder: Path, caplog: Any) -> None:
    found = locate("hf://owner/name")
    assert found.read_bytes() == (folder / "model.safetensors").read_bytes()
    digest = sha256(found.read_bytes()).hexdigest()[:16]
    assert caplog.messages == [
        f"hf://owner/name is at commit {COMMIT[:12]} now. To use this very model whatever changes there: "
        f"hf://owner/name@{COMMIT}#{digest}"
    ]
    assert hub.requests == ["/owner/name/resolve/main/config.json", f"/owner/name/resolve/{COMMIT}/model.safetensors"]
    caplog.clear()
    assert locate(Path(f"hf://owner/name@{COMMIT}#{digest}")) == found
    assert caplog.messages == []
    assert len(hub.requests) == 2  # from the cache


def test_only_weights_and_config_are_fetched(hub: Hub, folder: Path, tmp_path: Path) -> None:
    (folder / "modeling.py").write_text("raise SystemExit")
    Translator.load("hf://owner/name", device="cpu")
    names = {path.name for path in (tmp_path / "cache").rglob("*") if path.is_symlink()}
    assert names == {"config.json", "model.safetensors"}


def test_a_file_of_another_hash_is_refused(hub: Hub, folder: Path) -> None:
    with pytest.raises(CheckpointError, match="is not the file that the address names"):
        locate(f"hf://owner/name@{COMMIT}#00000000")
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"is not the file that config\.json names"):
        locate(folder)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("hf://owner/other", "there is no model hf://owner/other, or it is private"),
        ("hf://owner/name@v9", "hf://owner/name has no revision 'v9'"),
        ("hf://owner", r"hf://owner is no address of a model: hf://OWNER/NAME, hf://OWNER/NAME@REVISION"),
        ("hf://owner/name#123", "is no address of a model"),
    ],
)
def test_wrong_addresses_are_explained(address: str, message: str, hub: Hub) -> None:
    with pytest.raises(CheckpointError, match=message):
        locate(address)


def test_a_model_of_another_kind_is_explained(hub: Hub, folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="it is another kind of model"):
        locate("hf://owner/name")
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    (folder / "model.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError, match="this is no model that `i2ikit export --format hub` wrote"):
        locate(folder)


def test_a_server_that_is_not_reached_is_named_and_the_cache_is_used(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # huggingface_hub tries again for 23 seconds
    found = locate(f"hf://owner/name@{COMMIT}")
    hub.close()
    assert locate(f"hf://owner/name@{COMMIT}") == found
    with pytest.raises(CheckpointError, match="hf://owner/other cannot be fetched: the hub is not reached"):
        locate("hf://owner/other")


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("i2ikit.extras.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"hf://owner/name needs huggingface_hub and safetensors: pip install"):
        locate("hf://owner/name")


@pytest.mark.slow
def test_the_command_line_translates_with_a_model_of_the_hub(folder: Path, tmp_path: Path, python: Any) -> None:
    server = Hub(folder)
    Image.fromarray(np.full((8, 9, 3), 90, np.uint8)).save(tmp_path / "photo.png")
    environment = {**os.environ, "HF_ENDPOINT": server.address, "HF_HOME": str(tmp_path / "home")}
    try:
        command = ("-m", "i2ikit", "translate", "hf://owner/name", "photo.png", "out.png", "--device", "cpu")
        done = python(*command, cwd=tmp_path, env=environment)
    finally:
        server.close()
    assert done.returncode == 0, done.stderr
    assert f"hf://owner/name is at commit {COMMIT[:12]} now" in done.stderr
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == (9, 8)
