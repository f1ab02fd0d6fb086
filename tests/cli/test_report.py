import json
import os
from pathlib import Path

import pytest


@pytest.fixture
def runs(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "log.jsonl").write_text(json.dumps({"step": 1, "epoch": 1, "losses": {"gan": 0.5}}) + "\n")
    return tmp_path / "runs"


def test_a_run_gets_its_report_beside_it(run, runs):
    outcome = run("report", runs / "one")
    assert outcome.code == 0
    assert str(runs / "one" / "index.html") in outcome.out
    assert "gan" in (runs / "one" / "index.html").read_text()


def test_several_runs_get_a_report_here_or_where_out_points(run, runs):
    assert run("report", runs / "one", runs / "two").code == 0
    assert '"runs":["one","two"]' in (runs.parent / "report.html").read_text()
    assert run("report", runs / "one", runs / "two", "--out", runs / "both.html", "--link").code == 0
    assert (runs / "both.html").is_file()


def test_a_folder_that_is_not_there_is_named_with_the_nearest(run, runs):
    outcome = run("report", runs / "onne")
    assert outcome.code == 2
    assert "there is no folder" in outcome.err
    assert "Nearest: 'one'" in outcome.err


def test_a_folder_of_runs_is_not_a_run_and_its_runs_are_named(run, runs):
    outcome = run("report", runs)
    assert outcome.code == 2
    assert "is not a work directory" in outcome.err
    assert "one, two" in outcome.err


def test_a_published_model_gets_no_report(run, runs):
    for name in ("config.json", "model.safetensors"):
        (runs / name).touch()
    outcome = run("report", runs)
    assert outcome.code == 2
    assert "is a published model, not a work directory" in outcome.err
    assert not (runs / "index.html").exists()


def test_a_run_given_twice_and_a_report_that_is_a_folder_are_errors(run, runs):
    assert "given twice" in run("report", runs / "one", runs / "one").err
    assert "name a file, such as" in run("report", runs / "one", "--out", runs).err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_report_does_not_replace_a_pipe_or_a_device(run, runs):
    os.mkfifo(runs / "pipe")
    outcome = run("report", runs / "one", "--out", runs / "pipe")
    assert outcome.code == 2
    assert "is a device or a pipe: name a file" in outcome.err
    assert not (runs / "pipe").is_file()
