from dataclasses import replace
from pathlib import Path

import pytest

from i2ikit.benchmark.plan import (
    BenchmarkEntry,
    BenchmarkError,
    BenchmarkPlan,
    check_comparable,
    keep_plan,
    labels,
    make_plan,
    read_plan,
)

DATA = {
    "load_size": 64,
    "batch_size": 1,
    "train": {"type": "Stripes", "transform": {"type": "X"}},
    "test": {"type": "T"},
}


def entry(label: str, **data: object) -> BenchmarkEntry:
    return BenchmarkEntry(label, label, {"data": {**DATA, **data}, "metrics": {}, "train": {}}, 10)


def test_methods_are_named_after_their_folders_and_by_more_where_folders_repeat():
    assert labels([Path("c/cut/stripes.py"), Path("c/enco/stripes.py")]) == ["cut", "enco"]
    assert labels([Path("c/cut/stripes.py"), Path("c/cut/maps.py")]) == ["stripes", "maps"]
    assert labels([Path("x/cut/stripes.py"), Path("y/cut/stripes.py")]) == ["x_cut_stripes", "y_cut_stripes"]


def test_a_config_is_not_compared_with_itself():
    with pytest.raises(BenchmarkError, match="compared with itself"):
        labels([Path("cut/stripes.py"), Path("cut/../cut/stripes.py")])


def test_batch_size_and_training_transform_belong_to_the_method():
    check_comparable([entry("one"), entry("two", batch_size=4, train={"type": "Stripes", "transform": {"type": "Y"}})])


def test_methods_on_different_data_are_refused_and_the_first_difference_is_named():
    with pytest.raises(
        BenchmarkError, match=r"one and two cannot be compared: data.load_size is 64 .* and 32"
    ) as error:
        check_comparable([entry("one"), entry("two", load_size=32)])
    assert "--data DIR" in str(error.value)
    with pytest.raises(BenchmarkError, match=r"data\.train"):
        check_comparable([entry("one"), entry("two", train={"type": "Other"})])


def test_a_comparison_without_a_length_is_refused():
    with pytest.raises(BenchmarkError, match="give --steps N, --minutes M"):
        make_plan(BenchmarkPlan([], [0]), ["cut/stripes"])


def test_a_seed_that_is_given_twice_is_refused():
    with pytest.raises(BenchmarkError, match="a seed is given twice: --seeds 1,1"):
        make_plan(BenchmarkPlan([], [1, 1], 3), ["cut/stripes"])


def test_the_configs_of_packages_and_overrides_end_in_the_plan():
    plan = make_plan(BenchmarkPlan([], [0], 7), ["cut/stripes", "fastcut/stripes"], overrides=["data.batch_size=2"])
    assert [(each.label, each.steps) for each in plan.entries] == [("cut", 7), ("fastcut", 7)]
    assert plan.entries[0].config["data"]["batch_size"] == 2
    assert [run.name for run in plan.runs(Path())] == ["cut_seed0", "fastcut_seed0"]


def test_minutes_leave_the_steps_to_be_found_out():
    assert make_plan(BenchmarkPlan([], [0], 7, minutes=1.0), ["cut/stripes"]).entries[0].steps == 0


def test_a_plan_is_kept_and_the_same_command_resumes_it(plan: BenchmarkPlan, tmp_path: Path):
    folder = tmp_path / "out"
    assert keep_plan(folder, plan) == plan
    timed = [replace(each, steps=99) for each in plan.entries]  # as minutes would have come to
    assert keep_plan(folder, replace(plan, entries=timed)) == plan
    assert read_plan(folder) == plan


def test_another_comparison_does_not_write_into_the_folder_of_one(plan: BenchmarkPlan, tmp_path: Path):
    keep_plan(tmp_path / "out", plan)
    with pytest.raises(BenchmarkError, match=r"holds another benchmark: seeds is \[5\] here and \[0, 1\] there"):
        keep_plan(tmp_path / "out", replace(plan, seeds=[5]))
    changed = replace(plan.entries[0], config={**plan.entries[0].config, "train": {"steps": 3}})
    with pytest.raises(BenchmarkError, match=r"entries\.one\.train\.steps is 3 here and 10 there"):
        keep_plan(tmp_path / "out", replace(plan, entries=[changed, plan.entries[1]]))


def test_a_folder_with_something_else_in_it_is_left_alone(plan: BenchmarkPlan, tmp_path: Path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(BenchmarkError, match="is not empty and holds no benchmark"):
        keep_plan(tmp_path, plan)


@pytest.mark.parametrize("text", ["", '{"entries": [', "[]", '{"entries": [{"label": 1}]}'])
def test_a_damaged_plan_is_named(plan: BenchmarkPlan, tmp_path: Path, text: str):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(BenchmarkError, match=r"plan\.json is damaged"):
        keep_plan(tmp_path, plan)
