"""A report on somebody else's folder: nothing outside of it is read, nothing hangs, and what is left out is named."""

import base64
import io
import json
import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from i2ikit.errors import RunError
from i2ikit.report import run_files, write_report
from i2ikit.report.model_card import CARD, write_card
from i2ikit.report.run_files import RunFiles

SECRET = (1, 2, 250)  # the color of an image outside of the folder


@pytest.fixture
def outside(run: Any) -> Path:
    """An image outside of the folder of the run."""
    path = run.path.parent / "secret.png"
    Image.new("RGB", (8, 6), SECRET).save(path)
    return path


def page_data(page: Path, part: str = "data") -> Any:
    text = page.read_text("utf-8").partition(f'<script type="application/json" id="{part}">')[2]
    return json.loads(text.partition("</script>")[0])


def colors(page: Path) -> list[tuple[int, ...]]:
    """Return the color of each image of a page."""
    found = []
    for text in page_data(page, "images"):
        with Image.open(io.BytesIO(base64.b64decode(text))) as image:
            found.append(image.getpixel((2, 2)))
    return found


def name_outputs(run: Any, file: str) -> None:
    """Make the index of a step name a file as the output of its first image."""
    index = run.samples(1) / "index.json"
    about = json.loads(index.read_text())
    about["items"][0]["images"]["output"] = file
    index.write_text(json.dumps(about))


@pytest.mark.parametrize("kind", ["relative", "absolute", "link", "linked folder", "linked samples"])
@pytest.mark.parametrize("linked", [False, True])
def test_an_image_outside_of_the_folder_is_neither_embedded_nor_linked(
    run: Any, outside: Path, kind: str, linked: bool
):
    folder = run.path / "samples" / "step_000001"
    name_outputs(run, {"relative": "../../../secret.png", "absolute": str(outside)}.get(kind, "00000_output.png"))
    if kind == "link":
        (folder / "00000_output.png").unlink()
        (folder / "00000_output.png").symlink_to(outside)
    elif kind == "linked folder":
        folder.rename(run.path.parent / "step")
        folder.symlink_to(run.path.parent / "step")
    elif kind == "linked samples":
        (run.path / "samples").rename(run.path.parent / "other")
        (run.path / "samples").symlink_to(run.path.parent / "other")
    page = write_report(run.path, linked=linked)
    images = page_data(page, "images")
    assert len(images) == {"linked folder": 0, "linked samples": 0}.get(kind, 5)  # of two inputs and five outputs
    assert not any("secret" in image for image in images)
    assert linked or not any(abs(color[2] - SECRET[2]) < 9 for color in colors(page))
    assert "it is outside of the folder" in page.read_text("utf-8")


@pytest.mark.parametrize("name", ["config.json", "config.py", "log.jsonl"])
def test_a_config_or_log_outside_of_the_folder_is_not_shown(run: Any, name: str):
    (run.path.parent / "secret").write_text('{"seed": "password", "event": "start", "device": "password"}\n')
    (run.path / name).symlink_to(run.path.parent / "secret")
    page = write_report(run.path).read_text("utf-8")
    assert "password" not in page
    assert f"<dt>{name}</dt><dd>it is outside of the folder</dd>" in page


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("name", ["config.json", "config.py", "log.jsonl", "samples/step_000001/00000_output.png"])
def test_a_pipe_does_not_block(run: Any, name: str):
    run.samples(1)
    (run.path / name).unlink(missing_ok=True)
    os.mkfifo(run.path / name)
    assert f"<dt>{name}</dt><dd>it is not a regular file</dd>" in write_report(run.path).read_text("utf-8")


def test_a_device_and_a_link_to_itself_are_not_opened(run: Any):
    (run.path / "log.jsonl").symlink_to("/dev/zero")
    (run.path / "config.json").symlink_to("config.json")
    assert write_report(run.path).is_file()


def test_a_run_folder_that_is_a_link_and_links_inside_of_it_are_read(run: Any):
    run.samples(1)
    (run.path / "samples").rename(run.path / "kept")
    (run.path / "samples").symlink_to("kept")
    link = run.path.parent / "link"
    link.symlink_to(run.path)
    assert len(page_data(write_report(link), "images")) == 6


def test_files_above_the_limit_are_named_with_their_size(run: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run_files, "MOST_TEXT", 10)
    run.config()
    page = write_report(run.path).read_text("utf-8")
    assert "<dt>config.py</dt>" not in page  # it has 9 bytes
    assert "bytes, more than 10" in page


def test_an_image_whose_header_declares_a_billion_rows_is_not_decoded(run: Any):
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 10**9, 8, 0, 0, 0, 0))
    (run.samples(1) / "00000_output.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )
    assert len(page_data(write_report(run.path), "images")) == 5


WRONG = [None, True, "x", -1, 1.5, 10**400, 1e999, [], [[]], {}, {"x": []}, "\x1b[31m", "\ud800", "a\0b", "x" * 9999]


@pytest.mark.parametrize("key", ["step", "items", "measures", "domain", "name", "values", "images", "input", "output"])
def test_an_index_of_any_form_makes_a_page(run: Any, key: str):
    """The other step is shown, whatever this one is."""
    index = run.measured({"testA/0.png": 1.0}, step=5) / "index.json"
    run.samples(1, inputs="blue")
    before = json.loads(index.read_text())
    for value in WRONG:
        about = json.loads(json.dumps(before))
        entry = about["items"][0]
        holder = about if key in about else entry if key in entry else entry["images"]
        holder[key] = value
        index.write_text(json.dumps(about))
        page = write_report(run.path)
        assert {"testA/0.png", "testA/1.png"} <= {item["name"] for item in page_data(page)["items"]}


@pytest.mark.parametrize(
    "key", ["event", "step", "epoch", "time", "lr", "losses", "metrics", "better", "protocol", "paired"]
)
def test_a_log_of_any_form_makes_a_page(run: Any, key: str):
    run.config()
    lines = [{"event": "start", "device": "cpu"}, run.scalars(5, gan=1.0)]
    lines.append(
        {
            "event": "metrics",
            "step": 5,
            "metrics": {"x.y": 1.0},
            "better": {"x.y": "lower"},
            "protocol": {},
            "paired": [],
        }
    )
    run.log(*({**line, key: value} for value in WRONG for line in lines))
    run.log({**lines[1], "losses": dict.fromkeys(map(str, range(2000)), 1.0)}, run.scalars(7, gan=1.0))
    data = page_data(write_report(run.path))
    assert len(data["curves"]) <= 1001


@pytest.mark.parametrize(
    "keys", ["data", "data train", "data train type", "model", "model phases", "optimizer", "train"]
)
def test_a_config_of_any_form_makes_a_page_and_a_card(run: Any, keys: str):
    (run.path / "checkpoints").mkdir()
    (run.path / "checkpoints" / "step_000001.pt").touch()
    for value in ({"type": {}}, {"type": []}, *WRONG):
        config = value
        for key in reversed(keys.split()):
            config = {key: config}
        (run.path / "config.json").write_text(json.dumps(config))
        write_report(run.path)
        assert write_card(run.path) == run.path / "checkpoints" / CARD


@pytest.mark.parametrize("name", ["config.json", "log.jsonl", "samples/step_000001/index.json"])
def test_json_that_is_nested_very_deeply_ends_in_a_page_or_in_a_message(run: Any, name: str):
    run.samples(1)
    for depth in (300, 900, 100_000):
        (run.path / name).write_text('{"event": "start", "x": ' + "[" * depth + "]" * depth + "}\n")
        with suppress(RunError):
            write_report(run.path)


def test_reasons_are_kept_by_name(tmp_path: Path):
    files = RunFiles(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "x.json").write_text("{")
    assert files.read_json(tmp_path / "x.json") is None
    assert files.read_json(tmp_path / "gone.json") is None
    assert files.find(tmp_path / "folder") is None
    assert files.find(tmp_path / "a\0b") is None
    assert files.refused == {
        "x.json": "it is damaged",
        "folder": "it is not a regular file",
        "a\0b": "it cannot be opened",
    }
