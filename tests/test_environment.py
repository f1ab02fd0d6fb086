"""What a checkpoint records about plugins and about the repository of the run."""

import shutil
import subprocess
from pathlib import Path

import pytest

from i2ikit.environment import git_state, plugins, versions
from i2ikit.plugin import PluginInfo, get_manager
from i2ikit.registry import LOSSES


@pytest.fixture
def toys(monkeypatch) -> None:
    """Two plugins that work, one of which has a loss, and a broken one."""
    LOSSES.names()
    loss = type("ToyLoss", (), {"__module__": "toys_parts"})
    monkeypatch.setitem(LOSSES.module_dict, "ToyLoss", loss)
    found = [
        PluginInfo("toys", "i2ikit-toys", "0.2", modules=["toys_parts"]),
        PluginInfo("more", "i2ikit-more", "1"),
        PluginInfo("bad", "i2ikit-bad", "1", error="x"),
    ]
    monkeypatch.setattr(get_manager(), "plugins", [get_manager().plugins[0], *found])


@pytest.mark.usefixtures("toys")
def test_plugins_are_recorded_whose_parts_the_config_names():
    config = {"model": {"terms": [{"type": "PixelTerm", "loss": {"type": "ToyLoss"}}]}}
    assert plugins(config) == {"toys": {"package": "i2ikit-toys", "version": "0.2"}}
    assert plugins({"model": {"type": "L1Loss", "loss": 3}}) == {}


@pytest.mark.usefixtures("toys")
def test_all_ready_plugins_belong_to_the_environment():
    assert set(plugins()) == {"toys", "more"}


def git(folder: Path, *arguments: str) -> str:
    author = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", "-C", str(folder), *author, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_commit_of_the_repository_is_recorded_and_whether_its_files_have_changed(tmp_path, monkeypatch):
    git(tmp_path, "init")
    (tmp_path / "config.py").write_text("a")
    git(tmp_path, "add", "config.py")
    git(tmp_path, "commit", "-m", "first")
    commit = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "runs").mkdir()  # not tracked: what runs write is no change
    (tmp_path / "runs" / "log").write_text("x")
    assert git_state.__wrapped__(tmp_path) == commit
    (tmp_path / "config.py").write_text("b")
    assert git_state.__wrapped__(tmp_path / "runs") == f"{commit} with changes"
    monkeypatch.chdir(tmp_path / "runs")
    assert versions()["git"] == f"{commit} with changes"


def test_without_a_repository_or_without_git_nothing_is_recorded(tmp_path, monkeypatch):
    assert git_state.__wrapped__(tmp_path) == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert "git" not in versions()
