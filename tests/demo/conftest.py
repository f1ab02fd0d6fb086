"""Checkpoints of untrained generators, and a run with samples."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from i2ikit.demo.models import Models
from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference import Translator

RESNET = {"type": "ResNetGenerator", "filters": 2, "blocks": 1}


def make_checkpoint(path: Path, names: tuple[str, ...] = ("ab", "ba"), **outputs: str) -> Path:
    state = {}
    for seed, name in enumerate(names):
        torch.manual_seed(seed)
        network = ResNetGenerator(filters=2, blocks=1, init="normal", init_gain=0.3)
        state |= {f"generators.{name}.{key}": value for key, value in network.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(
        path,
        Checkpoint(config={"model": {"generators": dict.fromkeys(names, RESNET), "outputs": outputs}}, model=state),
    )
    return path


def make_run(folder: Path) -> Path:
    """Return a work directory with a checkpoint and samples: two inputs of domain a, one of b."""
    make_checkpoint(folder / "checkpoints" / "step_000010.pt")
    (folder / "log.jsonl").touch()
    samples = folder / "samples" / "step_000010"
    samples.mkdir(parents=True)
    items = []
    for index, domain in enumerate("aab"):
        name = f"{index:05d}_{domain}_input.png"
        Image.new("RGB", (32, 24), (90 * index, 60, 30)).save(samples / name)
        items.append({"domain": domain, "name": name, "images": {"input": name}})
    (samples / "index.json").write_text(json.dumps({"step": 10, "items": items}))
    return folder


def load(path: Path, output: str) -> Translator:
    return Translator.load(path, "cpu", output=output)


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return make_run(tmp_path / "runs" / "horses")


@pytest.fixture
def models(run_folder: Path) -> Models:
    return Models([run_folder], load)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `i2ikit demo` with two generators, which takes files up to 1 MB and 0.05 megapixels.

    It is a process of its own, since Gradio leaves sockets open. At the end, uploads and results must be gone.
    """
    run, temporary = make_run(tmp_path_factory.mktemp("runs") / "horses"), tmp_path_factory.mktemp("temporary")
    command = [sys.executable, "-m", "i2ikit", "demo", str(run), "--device", "cpu"]
    command += ["--max-mb", "1", "--max-megapixels", "0.05"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as page:
        assert page.stdout is not None
        line = page.stdout.readline()
        assert line.startswith("Open http://127.0.0.1:"), line + page.stdout.read()
        assert len(list(temporary.glob("i2ikit-demo-*"))) == 1
        yield line.split()[1]
        page.send_signal(signal.SIGTERM)
        rest = page.stdout.read()
    assert (page.returncode, rest) == (0, "The page is closed.\n")
    assert list(temporary.iterdir()) == []
