import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("rank_correlation", ROOT / "tools" / "rank_correlation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_log(folder, rows, *, paired=("truth.db",)):
    better = {"fid.clean": "lower", "truth.db": "higher", "odd.x": "higher"}
    lines = [
        {"event": "metrics", "step": step, "metrics": metrics, "better": better, "paired": list(paired)}
        for step, metrics in enumerate(rows)
    ]
    folder.mkdir(exist_ok=True)
    other = [{"event": "start"}, {"step": 1, "losses": {"d": 1.0}}]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [*other, *lines]))


def test_measurements_of_several_runs_are_ranked_together(tool, tmp_path, capsys):
    write_log(
        tmp_path / "a", [{"fid.clean": 9.0, "truth.db": 10.0, "odd.x": 1.0}, {"fid.clean": 7.0, "truth.db": 12.0}]
    )
    write_log(tmp_path / "b", [{"fid.clean": 8.0, "truth.db": 11.0, "odd.x": 1.0}])
    assert tool.main([str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["3", "measurements", "truth.db"]
    assert rows[1:] == [["fid.clean", "+1.00"], ["odd.x"]]


def test_too_few_measurements_and_runs_without_truth_have_a_way_out(tool, tmp_path, capsys):
    write_log(tmp_path / "a", [{"fid.clean": 9.0}] * 2)
    assert tool.main([str(tmp_path / "a")]) == 2
    assert "2 measurements, at least 3 are needed. Train with `--set evaluation.every=N`" in capsys.readouterr().err
    write_log(tmp_path / "a", [{"fid.clean": 9.0}] * 3, paired=())
    assert tool.main([str(tmp_path / "a")]) == 2
    assert "no measurement has paired truth" in capsys.readouterr().err
