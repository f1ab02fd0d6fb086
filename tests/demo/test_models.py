from pathlib import Path
from typing import Any

import pytest
import torch

from i2ikit.demo.models import Models, find_examples, unique_names
from i2ikit.errors import CheckpointError, DataError
from i2ikit.inference import Translator
from tests.demo.conftest import load, make_checkpoint, make_run


def test_each_output_of_each_checkpoint_is_a_choice(run_folder: Path, tmp_path: Path):
    single = make_checkpoint(tmp_path / "zebras.pt", ("ab",))
    models = Models([run_folder, single], load)
    assert list(models.choices) == ["horses: a to b", "horses: b to a", "zebras.pt: a to b"]
    choice = models.choices["horses: b to a"]
    assert (choice.output, choice.checkpoint.name) == ("ba", "step_000010.pt")


def test_outputs_of_one_direction_have_their_own_names(tmp_path: Path):
    models = Models([make_checkpoint(tmp_path / "two.pt", ("ab", "fast"), ab="ab(a)", ab_fast="fast(a)")], load)
    assert list(models.choices) == ["two.pt: a to b", "two.pt: ab_fast"]


def test_a_label_gives_its_own_output(models: Models, run_folder: Path):
    x = torch.rand(1, 3, 16, 16)
    for label, output in (("horses: a to b", "ab"), ("horses: b to a", "ba")):
        expected = Translator.load(run_folder, "cpu", output=output)(x)
        assert torch.equal(models.translator(label)(x), expected)


def test_one_output_is_in_memory_and_loaded_once(run_folder: Path):
    loaded: list[str] = []

    def counted(path: Path, output: str) -> Translator:
        loaded.append(output)
        return load(path, output)

    models = Models([run_folder], counted)
    assert loaded == []
    first = models.translator("horses: a to b")
    assert models.translator("horses: a to b") is first
    models.translator("horses: b to a")
    models.translator("horses: a to b")
    assert loaded == ["ab", "ba", "ab"]


def test_an_unknown_label_is_refused_with_the_nearest(models: Models):
    with pytest.raises(DataError, match=r"no model 'horse: a to b'.* Nearest: 'horses: a to b'"):
        models.translator("horse: a to b")


def test_a_damaged_checkpoint_is_refused_at_the_start(run_folder: Path, tmp_path: Path):
    (tmp_path / "bad.pt").write_bytes(b"no checkpoint")
    with pytest.raises(CheckpointError, match=r"bad\.pt"):
        Models([run_folder, tmp_path / "bad.pt"], load)


def test_examples_are_inputs_of_the_domain_from_the_newest_samples(run_folder: Path, models: Models):
    older = run_folder / "samples" / "step_000001"
    older.mkdir()
    (older / "index.json").write_text('{"items": [{"domain": "a", "images": {"input": "x.png"}}]}')
    names = [[path.name for path in choice.examples] for choice in models.choices.values()]
    assert names == [["00000_a_input.png", "00001_a_input.png"], ["00002_b_input.png"]]


@pytest.mark.parametrize(
    "index",
    [
        "",
        "[]",
        '{"items": [{"domain": "a", "images": {"input": "../../log.jsonl"}}]}',
        '{"items": 3}',
        '{"items": [3]}',
    ],
)
def test_damaged_samples_give_no_examples(index: str, run_folder: Path):
    (run_folder / "samples" / "step_000010" / "index.json").write_text(index)
    assert find_examples(run_folder / "checkpoints" / "step_000010.pt", "a") == ()


def test_names_are_as_long_as_they_must_be(tmp_path: Path):
    assert unique_names([tmp_path / "a" / "run", tmp_path / "b" / "run"]) == ["a/run", "b/run"]
    checkpoints = tmp_path / "run" / "checkpoints"
    assert unique_names([checkpoints / "best.pt"]) == ["run"]
    assert unique_names([checkpoints / "best.pt", checkpoints / "step_1.pt"]) == ["run, best.pt", "run, step_1.pt"]


def test_the_same_checkpoint_twice_is_one_choice(run_folder: Path):
    assert list(Models([run_folder, run_folder], load).choices) == ["horses: a to b", "horses: b to a"]


def test_runs_of_equal_name_are_told_apart(tmp_path: Path):
    models: Any = Models([make_run(tmp_path / "x" / "run"), make_run(tmp_path / "y" / "run")], load)
    assert list(models.choices)[::2] == ["x/run: a to b", "y/run: a to b"]
