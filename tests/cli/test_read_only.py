"""A folder that cannot be written is one error of the user, whatever the command."""

import errno
import io
import os
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from i2ikit.engine.checkpointing.checkpoint import Checkpoint, write_checkpoint
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference.interop.fitting import unfit


@pytest.fixture
def read_only(tmp_path, monkeypatch) -> Path:
    """A folder on a disk that is read-only, also for the user root."""
    folder = tmp_path / "closed"
    folder.mkdir()

    def refuse(path):
        if not isinstance(path, int) and Path(os.fsdecode(path)).absolute().is_relative_to(folder):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), os.fspath(path))

    real_open, real_low, real_mkdir = io.open, os.open, os.mkdir

    def high(path, mode="r", *rest, **options):
        if set(mode) & set("wax+"):
            refuse(path)
        return real_open(path, mode, *rest, **options)

    def low(path, flags, *rest, **options):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            refuse(path)
        return real_low(path, flags, *rest, **options)

    def mkdir(path, *rest, **options):
        refuse(path)
        return real_mkdir(path, *rest, **options)

    monkeypatch.setattr(io, "open", high)
    monkeypatch.setattr(os, "open", low)
    monkeypatch.setattr(os, "mkdir", mkdir)
    return folder


@pytest.fixture
def trained(tmp_path) -> Path:
    """The work directory of a run with a checkpoint."""
    config = {"model": {"generators": {"ab": {"type": "ResNetGenerator", "filters": 2, "blocks": 6}}}}
    weights = {f"generators.ab.{key}": x for key, x in ResNetGenerator(filters=2, blocks=6).state_dict().items()}
    write_checkpoint(tmp_path / "run" / "checkpoints" / "best.pt", Checkpoint(config=config, model=weights))
    (tmp_path / "run" / "log.jsonl").write_text('{"event": "start"}\n')
    (tmp_path / "run" / "config.json").write_text("{}")
    torch.save(unfit(ResNetGenerator(filters=2, blocks=6)), tmp_path / "latest_net_G.pth")
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (16, 16)).save(tmp_path / "photos" / "a.png")
    return tmp_path / "run"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="pathlib opens files by a function that cannot be replaced")
@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "CONFIG", "--max-steps", "1", "--work-dir", "CLOSED/run"],
        ["translate", "RUN", "photos", "CLOSED/out"],
        ["translate", "RUN", "photos/a.png", "CLOSED/a.png"],
        ["export", "RUN", "--out", "CLOSED/weights"],
        ["import", "latest_net_G.pth", "--out", "CLOSED/a.pt"],
        ["report", "RUN", "--out", "CLOSED/page.html"],
        ["data", "make", "stripes", "CLOSED/stripes", "--size", "8", "--train", "1", "--test", "1"],
        ["new", "loss", "Color", "--into", "CLOSED"],
        ["new", "plugin", "i2ikit-color", "--into", "CLOSED"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_every_command_that_writes_ends_with_2_and_names_the_folder(run, tiny, trained, tmp_path, read_only, arguments):
    named = {"CONFIG": str(tiny), "RUN": str(trained)}
    done = run(*(named.get(argument, argument.replace("CLOSED", str(read_only))) for argument in arguments))
    assert done.code == 2
    assert str(read_only) in done.err
    assert "read-only" in done.err.lower()
    assert "Traceback" not in done.err
    assert list(read_only.iterdir()) == []
