import json
import struct
from collections.abc import Iterator

import pytest

from i2ikit.trackers import WandbTracker

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def records(content: bytes) -> Iterator[bytes]:
    """Yield the records of W&B's file: LevelDB's log, blocks of 32 KiB of chunks of checksum, length and kind."""
    at, parts = 7, b""  # after W&B's own header
    while at + 7 <= len(content):
        length, kind = struct.unpack_from("<HB", content, at + 4)
        parts += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # a record in one chunk, or its last chunk
            yield parts
            parts = b""
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768


def test_an_offline_run_holds_everything_under_one_id(track, tmp_path, monkeypatch):
    pytest.importorskip("wandb", exc_type=ImportError)
    import wandb
    from wandb.proto.wandb_internal_pb2 import Record

    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    found = track(lambda: WandbTracker(project="zebras", mode="offline"))
    wandb.teardown()  # ends the process that writes the files
    files = sorted((tmp_path / "runs" / "mine" / "wandb").glob(f"offline-run-*-{found}/*.wandb"))
    assert len(files) == 2  # of each process; `wandb sync` makes one run of both
    rows, configs = [], {}
    for file in files:
        for content in records(file.read_bytes()):
            record = Record.FromString(content)
            row = {"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in record.history.item}
            rows += [row] if row else []
            configs |= {item.key: json.loads(item.value_json) for item in record.config.update if item.key}
            configs |= {
                item.nested_key[0]: json.loads(item.value_json)
                for item in record.config.update
                if len(item.nested_key) == 1
            }
            if record.HasField("run"):
                assert (record.run.run_id, record.run.project, record.run.display_name) == (found, "zebras", "mine")
    assert [(row["step"], row["losses/gan"]) for row in rows if "losses/gan" in row] == [(2, 1.5), (4, 1.25), (4, 1.25)]
    assert [row["metrics/mean.brightness"] for row in rows if "metrics/mean.brightness" in row] == [0.5]
    assert [row["step"] for row in rows if any(key.startswith("samples") for key in row)] == [2, 4]
    assert [row["_step"] for row in rows] == [2, 3, 4, 4, 5, 6]  # rows of the second file come after the checkpoint
    assert configs["model.type"] == "UnpairedTranslation"
    assert configs["seed"] == 1
