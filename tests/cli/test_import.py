"""`i2ikit import`, `i2ikit export` and `i2ikit train --init`."""

import pytest
import torch

from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.inference.interop import unfit


def test_published_weights_go_in_start_a_run_and_come_out_again(run, tiny, tmp_path):
    state = unfit(ResNetGenerator(filters=4, blocks=1))
    torch.save(state, tmp_path / "latest_net_G.pth")
    imported = run("import", "latest_net_G.pth", "--out", "start.pt")
    assert (imported.code, imported.err) == (0, "")
    assert imported.out.splitlines()[0] == "latest_net_G.pth -> generators.ab: ResNetGenerator, 8,739 parameters"
    assert "antialias_down=True" in imported.out
    assert "written to start.pt" in imported.out

    exported = run("export", "start.pt", "--out", "published", "--prefix", "best")
    assert (exported.code, exported.err) == (0, "")
    assert exported.out == "generators.ab -> published/best_net_G.pth\n"
    again = torch.load(tmp_path / "published" / "best_net_G.pth", weights_only=True)
    assert list(again) == list(state)
    assert all(torch.equal(again[name], state[name]) for name in state)

    trained = run("train", tiny, "--init", "start.pt", "--max-steps", "1", "--work-dir", "w", "--device", "cpu")
    assert trained.code == 0
    assert "Initial weights of generators.ab are from start.pt." in trained.out + trained.err
    exported = run("export", "w", "--out", "trained", "--format", "official")
    assert exported.code == 0
    assert sorted(path.name for path in (tmp_path / "trained").iterdir()) == ["latest_net_D.pth", "latest_net_G.pth"]


def test_entries_that_do_not_fit_are_named_without_a_traceback(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = unfit(ResNetGenerator(filters=4, blocks=1)) | {"attention.gamma": torch.ones(1)}
    torch.save(state, "theirs.pth")
    refused = run("import", "theirs.pth", "--out", "start.pt")
    assert refused.code == 2
    assert "theirs.pth does not fit a ResNetGenerator" in refused.err
    assert "attention.gamma [1]" in refused.err
    assert not (tmp_path / "start.pt").exists()


def test_a_run_is_either_begun_or_resumed(run, tiny):
    refused = run("train", tiny, "--init", "start.pt", "--resume")
    assert refused.code == 2
    assert "--init starts a new run and --resume continues one" in refused.err


@pytest.mark.slow
def test_a_published_command_becomes_a_config_that_check_accepts(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("data", "make", "stripes", "images", "--size", "32", "--train", "2", "--test", "1").code == 0
    small = "--ngf 4 --ndf 4 --netF_nc 8 --load_size 36 --crop_size 32 --netG resnet_4blocks --display_id 0"
    command = f"python train.py --dataroot ./images --name first --model cut {small}"
    made = run("import", "--options", command, "--output", "first.py")
    assert (made.code, made.err) == (0, "")
    assert "--display_id 0: there is no server of displays" in made.out
    assert "written to first.py, which inherits from cut/horse2zebra. Check it, then train:" in made.out
    assert made.out.splitlines()[-1] == "  i2ikit train first.py --work-dir checkpoints/first"
    checked = run("check", "first.py")
    assert checked.code == 0
    assert "Length: 800 steps in 400 epochs of 2" in checked.out
    again = run("import", "--options", command, "--output", "first.py")
    assert again.code == 2
    assert "first.py exists already; choose another name" in again.err


def test_a_published_command_is_printed_as_a_config(run):
    printed = run("import", "--options", "--model cycle_gan --dataroot d --no_html")
    assert printed.code == 0
    assert '_base_ = "i2ikit::cyclegan/horse2zebra.py"' in printed.out
    assert "--no_html True: samples and index.html are always written" in printed.err


def test_a_config_goes_into_a_new_folder_and_its_commands_can_be_pasted(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = run("import", "--options", "--model cut --dataroot d --name 'my run'", "--output", "a/b/my config.py")
    assert (made.code, made.err) == (0, "")
    train = "i2ikit train 'a/b/my config.py' --work-dir 'checkpoints/my run'"
    assert made.out.splitlines()[-2:] == ["  i2ikit check 'a/b/my config.py'", f"  {train}"]
    assert f"#   {train}\n" in (tmp_path / "a" / "b" / "my config.py").read_text()


def test_import_says_what_it_needs(run):
    assert "give files of weights and --out CHECKPOINT" in run("import").err
    assert "--out CHECKPOINT is missing" in run("import", "some_net_G.pth").err
    assert "takes no files of weights" in run("import", "some_net_G.pth", "--options", "--model cut").err
    assert "does not end in .py" in run("import", "--options", "--model cut --dataroot d", "--out", "c.txt").err
