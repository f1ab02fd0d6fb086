"""What the shell completes, and the options of the published code."""

import pytest

from i2ikit.cli.completion import complete_config, complete_kind, complete_metrics


def test_configs_and_files_of_configs_are_completed(tmp_path, monkeypatch):
    (tmp_path / "cut_mine.py").touch()
    (tmp_path / "cut_notes.txt").touch()
    monkeypatch.chdir(tmp_path)
    found = complete_config("cut")
    assert {"cut/horse2zebra", "cut_mine.py"} <= set(found)
    assert "cut_notes.txt" not in found
    assert complete_config("enco/str") == ["enco/stripes"]


def test_kinds_and_metrics_are_completed():
    assert complete_kind("l") == ["losses"]
    assert complete_metrics("s") == ["ssim"]
    assert complete_metrics("fid,ss") == ["fid,ssim"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("show los", ["losses"]),
        ("list los", ["losses"]),
        ("show losses PatchN", ["PatchNCELoss"]),
        ("show nothing PatchN", []),
    ],
)
def test_the_shell_completes_kinds_and_their_parts(run, monkeypatch, line, found):
    monkeypatch.setenv("_I2IKIT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"i2ikit {line}")
    monkeypatch.setenv("COMP_CWORD", str(len(line.split())))
    assert run().out.split() == found


@pytest.mark.parametrize(
    ("option", "here"),
    [
        ("--lr", "--set optimizer.lr=VALUE"),
        ("--batch_size", "--set data.batch_size=N"),
        ("--loadSize", "--set data.load_size=N"),
        ("--gpu_ids", "--device cuda:0"),
    ],
)
def test_an_option_of_the_published_code_is_answered_with_what_does_it_here(run, option, here):
    outcome = run("train", "cut/stripes", option, "2")
    assert outcome.code == 2
    assert f"Here it is {here}." in " ".join(outcome.err.replace("│", " ").split())


def test_an_option_of_nobody_has_no_such_answer(run):
    assert "Here it is" not in run("train", "cut/stripes", "--xyz", "2").err


def test_values_behind_one_set_are_answered_with_how_to_set_two(run):
    outcome = run("train", "cut/stripes", "--set", "train.steps=2", "optimizer.lr=1e-4", "data.batch_size=2")
    assert outcome.code == 2
    assert "Each KEY=VALUE has its own --set" in " ".join(outcome.err.replace("│", " ").split())
    assert "has its own --set" not in run("train", "cut/stripes", "cut/stripes").err


def test_short_help(run):
    assert run("train", "-h").code == run("-h").code == 0
