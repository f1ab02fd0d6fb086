"""`i2ikit data`: check, fetch and compare from the command line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from i2ikit.datasets.stripes.stripes import write_stripes


@pytest.fixture
def stripes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_stripes(tmp_path / "stripes", size=32, train_count=5, test_count=4)


def test_a_good_data_set_passes(run: Callable[..., Any], stripes: Path) -> None:
    shutil.rmtree(stripes / "testMask")
    done = run("data", "check", stripes, "--load-size", 32)
    assert done.code == 0
    assert "trainA" in done.out
    assert "5 PNG RGB 8 bit" in done.out
    assert "0 problems" in done.out


def test_a_problem_exits_with_1_and_a_warning_only_if_strict(run: Callable[..., Any], stripes: Path) -> None:
    shutil.copy(stripes / "trainA/0000.png", stripes / "trainA/copy.png")
    done = run("data", "check", stripes)
    assert done.code == 0
    assert "trainA/0000.png = trainA/copy.png" in done.out
    assert run("data", "check", stripes, "--strict").code == 1
    (stripes / "trainB/0001.png").write_text("no image")
    done = run("data", "check", stripes)
    assert done.code == 1
    assert "problem" in done.out
    assert "trainB/0001.png is not an image" in done.out.replace("\n", " ")


def test_the_check_prints_json(run: Callable[..., Any], stripes: Path) -> None:
    (stripes / "trainB/0001.png").write_text("no image")
    done = run("data", "check", stripes, "--json")
    found = json.loads(done.out)
    assert done.code == 1
    assert found["ok"] is False
    assert [one["groups"] for one in found["issues"] if one["kind"] == "corrupt"] == [[["trainB/0001.png"]]]


@pytest.mark.slow  # four commands
def test_errors_exit_with_2_and_one_message(run: Callable[..., Any], stripes: Path) -> None:
    for arguments, words in (
        (("check", "nowhere"), "nowhere does not exist."),
        (("fetch", "horse2zebr"), "Nearest: 'horse2zebra'"),
        (("fetch", "facades", "--from", "nowhere.zip"), "there is no archive nowhere.zip"),
        (("compare", stripes / "trainA", "nowhere"), "nowhere does not exist."),
    ):
        done = run("data", *arguments)
        assert done.code == 2
        assert words in done.err
        assert "Traceback" not in done.err


@pytest.mark.slow  # five folders are read
def test_domains_are_compared(run: Callable[..., Any], stripes: Path) -> None:
    done = run("data", "compare", stripes / "trainA", stripes / "trainB", stripes / "testA")
    assert done.code == 0
    assert "nearest: " in done.out
    done = run("data", "compare", stripes / "trainA", stripes / "trainB", "--json")
    (found,) = json.loads(done.out)
    assert found["target"] == str(stripes / "trainB")
    assert found["patches"] > 0


def test_a_folder_that_cannot_be_listed_is_a_problem_and_the_others_are_checked(
    run: Callable[..., Any], stripes: Path, unlistable: Callable[[Path], None]
) -> None:
    (stripes / "trainA" / "closed").mkdir()
    unlistable(stripes / "trainA" / "closed")
    done = run("data", "check", stripes)
    assert done.code == 1
    assert "1 folder cannot be listed; what is in there is not checked:" in done.out
    assert f"the folder {stripes}/trainA/closed cannot be listed: Permission denied" in done.out
    assert "5 PNG RGB 8 bit" in done.out
    unlistable(stripes / "trainB")
    assert "2 folders cannot be listed" in run("data", "check", stripes).out


def test_names_with_line_breaks_stay_on_their_line(run: Callable[..., Any], stripes: Path) -> None:
    shutil.copy(stripes / "trainA/0000.png", stripes / "trainA/copy\nof\x1b[2J.png")
    (stripes / "trainB/bad\n0 problems.png").write_text("no image")
    done = run("data", "check", stripes)
    assert "trainA/0000.png = trainA/copy\\nof\\x1b[2J.png" in done.out
    assert "trainB/bad\\n0 problems.png is not an image" in done.out


def test_stripes_beyond_the_limit_of_a_size_are_refused_with_it(run: Callable[..., Any]) -> None:
    outcome = run("data", "make", "stripes", "large", "--size", 32769)
    assert outcome.code == 2
    assert "less than or equal to 32768" in outcome.err
