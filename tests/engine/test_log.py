import json
import math
import runpy
from pathlib import Path

import pytest

from i2ikit.config.files import read_config_file
from i2ikit.engine.log import RunLog, logged_measurement, write_config
from i2ikit.errors import RunError
from i2ikit.evaluation.measure import Measurement
from i2ikit.files import write_atomically


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_is_on_disk_before_the_log_is_closed(tmp_path):
    log = RunLog(tmp_path / "log.jsonl")
    log.write({"step": 1, "losses": {"gan": 0.5}})
    assert lines(tmp_path / "log.jsonl") == [{"step": 1, "losses": {"gan": 0.5}}]
    log.close()


def test_numbers_that_json_cannot_hold_become_null(tmp_path):
    log = RunLog(tmp_path / "log.jsonl")
    log.write({"metrics": {"psnr": math.inf, "ratio": math.nan, "ok": 1.5}})
    log.close()
    assert lines(tmp_path / "log.jsonl") == [{"metrics": {"psnr": None, "ratio": None, "ok": 1.5}}]


def test_a_reopened_log_drops_later_steps_and_a_line_that_was_cut_off(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"event": "start"}\n{"step": 5}\n{"step": 10}\n{"step": 15}\n{"step": 2')
    log = RunLog(path, keep_until=10)
    log.write({"step": 11})
    log.close()
    assert lines(path) == [{"event": "start"}, {"step": 5}, {"step": 10}, {"step": 11}]


@pytest.mark.parametrize(
    "damage", [b'{"step": null}', b'{"step": "5"}', b'{"step": [1]}', b'{"st\xffep": 1}', b"\x00", b"[" * 10**5]
)
def test_a_damaged_line_is_dropped_and_the_others_stay(tmp_path, damage):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"event": "start"}\n{"step": 5}\n' + damage + b'\n{"step": 6}\n')
    RunLog(path, keep_until=10).close()
    found = lines(path)
    assert [line for line in found if "event" in line or line.get("step")] == [
        {"event": "start"},
        {"step": 5},
        {"step": 6},
    ]


@pytest.mark.parametrize(
    "remove", [Path.unlink, lambda path: path.rename(path.with_name("moved")), lambda path: write_atomically(path, "")]
)
def test_a_log_that_is_removed_or_replaced_is_an_error_and_no_silent_loss(tmp_path, remove):
    log = RunLog(tmp_path / "log.jsonl")
    log.write({"step": 1})
    remove(tmp_path / "log.jsonl")
    with pytest.raises(RunError, match=r"log\.jsonl was removed or replaced while the run wrote to it"):
        log.write({"step": 2})
    log.close()


def test_the_measurement_of_a_step_is_found_and_a_damaged_one_is_none(tmp_path):
    path = tmp_path / "log.jsonl"
    log = RunLog(path)
    for step, more in ((4, {}), (8, {}), (8, {"last": True})):
        log.write({"event": "metrics", "step": step, **vars(Measurement({"psnr.db": step / 2})), **more})
    log.write({"event": "metrics", "step": 12, "last": True, "metrics": 3})
    log.close()
    assert logged_measurement(path, 4)["metrics"] == {"psnr.db": 2.0}
    assert logged_measurement(path, 4, last=True) is None
    assert logged_measurement(path, 8, last=True)["last"]
    assert logged_measurement(path, 12) is None
    assert logged_measurement(tmp_path / "none.jsonl", 4) is None


def test_a_new_log_appends_to_nothing(tmp_path):
    log = RunLog(tmp_path / "log.jsonl", keep_until=0)
    log.close()
    assert (tmp_path / "log.jsonl").read_text() == ""


def test_config_py_and_config_json_are_equal(tmp_path):
    config = {"model": {"taps": ["stem", "out"], "none": None}, "optimizer": {"lr": 2e-4}, "hooks": []}
    write_config(tmp_path, config)
    assert json.loads((tmp_path / "config.json").read_text()) == config
    found = runpy.run_path(str(tmp_path / "config.py"))
    assert {key: found[key] for key in config} == config


def test_own_files_are_copied_and_the_written_config_names_the_copies(tmp_path):
    own = tmp_path / "color_loss.py"
    own.write_text("x = 1")
    folder = tmp_path / "run"
    folder.mkdir()
    for _ in range(2):  # a resumed run writes them again
        write_config(folder, {"imports": [str(own)], "seed": 0})
    assert (folder / "imports" / "color_loss.py").read_text() == "x = 1"
    assert json.loads((folder / "config.json").read_text()) == {"imports": ["imports/color_loss.py"], "seed": 0}
    assert read_config_file(folder / "config.py").values["imports"] == [str(folder / "imports" / "color_loss.py")]
