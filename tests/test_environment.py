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


HOSTILE = {  # settings with which a repository makes `git status` start a program
    "core.fsmonitor": "touch {proof}; false",
    "core.hooksPath": "{hooks}",
    "filter.evil.clean": "touch {proof}; cat",
    "filter.v.i=l.clean": "touch {proof}; cat",
}


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("setting", HOSTILE)
def test_no_program_that_the_config_of_a_repository_names_is_started(tmp_path, setting):
    proof, hooks, repository = tmp_path / "proof", tmp_path / "hooks", tmp_path / "repository"
    repository.mkdir()
    hooks.mkdir()
    (hooks / "post-index-change").write_text(f"#!/bin/sh\ntouch {proof}\n")
    (hooks / "post-index-change").chmod(0o755)
    git(repository, "init")
    (repository / "config.py").write_text("a")
    git(repository, "add", "config.py")
    git(repository, "commit", "-m", "first")
    name = setting.removeprefix("filter.").rpartition(".")[0]
    (repository / ".git" / "info" / "attributes").write_text(f"* filter={name}\n")
    git(repository, "config", setting, HOSTILE[setting].format(proof=proof, hooks=hooks))
    (repository / "config.py").write_text("b")  # of the same length: git has to look into the file
    assert git_state.__wrapped__(repository).endswith(" with changes") or "=" in setting
    assert not proof.exists()
    subprocess.run(["git", "-C", str(repository), "status"], capture_output=True, check=False)
    assert proof.exists() or name not in ("evil", "core.fsmonitor")  # plain git does start it


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_programs_of_a_submodule_are_not_started_either(tmp_path):
    proof, repository = tmp_path / "proof", tmp_path / "repository"
    inner = repository / "inner"
    inner.mkdir(parents=True)
    for folder in (inner, repository):
        git(folder, "init")
        (folder / "file.py").write_text("a")
        git(folder, "add", ".")
        git(folder, "commit", "-m", "first")
    git(inner, "config", "core.fsmonitor", f"touch {proof}; false")
    commit = git(repository, "rev-parse", "HEAD")
    assert git_state.__wrapped__(repository) == commit
    assert not proof.exists()


def test_without_a_repository_or_without_git_nothing_is_recorded(tmp_path, monkeypatch):
    assert git_state.__wrapped__(tmp_path) == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert "git" not in versions()
