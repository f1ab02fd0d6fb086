"""What is other than it was, key by key."""

from typing import Any

import pytest

from i2ikit.engine.checkpointing.changes import Change, config_changes, value_changes


def config(**model: Any) -> dict[str, Any]:
    generators = {"ab": {"type": "ResNetGenerator", "filters": 4}}
    return {"model": {"generators": generators, **model}, "seed": 0, "hooks": [{"type": "EMAHook", "momentum": 0.1}]}


def texts(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [str(change) for change in config_changes(old, new)]


def test_equal_configs_have_no_differences_and_tuples_are_lists():
    assert texts(config(taps=("stem", "down1")), config(taps=["stem", "down1"])) == []


def test_each_value_has_its_own_line():
    new = config()
    new["model"]["generators"]["ab"] |= {"filters": 8, "blocks": 6}
    new["seed"] = 3
    new["hooks"] = [{"type": "EMAHook", "momentum": 0.2}]
    assert texts(config(), new) == [
        "model.generators.ab.filters: 4 -> 8",
        "model.generators.ab.blocks: 9 -> 6",  # 9 is the default
        "seed: 0 -> 3",
        "hooks.0.momentum: 0.1 -> 0.2",
    ]


def test_a_default_that_is_written_out_is_no_difference():
    new = config()
    new["model"]["generators"]["ab"]["blocks"] = 9
    assert texts(config(), new) == texts(new, config()) == []


def test_what_is_there_on_one_side_only_is_not_set_on_the_other():
    long = {"type": "PixelTerm", "image": "ab(ab(ab(ab(ab(ab(ab(ab(ab(ab(a))))))))))", "target": "a"}
    found = texts(config(), config(phases={"generate": {"terms": {"extra": long}}}))
    assert found == [
        "model.phases: (not set) -> {'generate': {'terms': {'extra': {'type': 'PixelTerm', 'i..."
    ]  # at most 60 characters of a value


def test_lists_of_another_length_are_shown_whole():
    new = {**config(), "hooks": []}
    assert texts(config(), new) == ["hooks: [{'type': 'EMAHook', 'momentum': 0.1}] -> []"]


@pytest.mark.parametrize(
    ("key", "networks", "weights"),
    [
        ("model.generators.ab.filters", True, True),
        ("model.type", True, True),
        ("model.phases.generate.terms.gan.weight", False, True),
        ("train.accumulate", False, True),
        ("train.steps", False, False),
        ("log.every", False, False),
        ("logger", False, True),
        ("data.workers", False, False),
        ("data.batch_size", False, True),
        ("files.train.items", False, True),
        ("files.test.items", False, False),
    ],
)
def test_changes_of_networks_and_of_what_decides_weights_are_told_apart(key, networks, weights):
    change = Change(key, 1, 2)
    assert (change.of_networks, change.of_weights) == (networks, weights)


def test_flat_values_are_compared_under_their_section():
    found = value_changes({"torch": "2.4", "numpy": "1"}, {"torch": "2.5", "numpy": "1", "git": "ab"}, "versions.")
    assert [str(change) for change in found] == ["versions.torch: '2.4' -> '2.5'", "versions.git: (not set) -> 'ab'"]
