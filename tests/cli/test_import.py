"""`i2ikit import`, `i2ikit export` and `i2ikit train --init`."""

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
