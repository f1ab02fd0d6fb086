"""Which file sets a key, and on which line."""

import pytest

from i2ikit.config.files import read_config_file
from i2ikit.config.origin import origin, split


@pytest.fixture
def chain(write):
    write("far.py", 'seed = 1\nlog = dict(\n    every=2,\n)\noptimizer = dict(type="Adam", lr=1e-3)\n')
    write("other.py", "train = {\n    'epochs': 3,\n}\n")
    write("near.py", "_base_ = 'far.py'\noptimizer = dict(lr=2e-3)\n")
    return read_config_file(
        write(
            "top.py",
            """
            _base_ = ["near.py", "other.py"]
            RESNET = dict(
                type="ResNetGenerator",
                blocks=3,
            )
            model = dict(
                generators=dict(ab=RESNET),
                taps=[
                    "stem",
                    dict(name="up2"),
                ],
            )
            """,
        )
    )


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("seed", "far.py:1"),
        ("log.every", "far.py:3"),
        ("optimizer.type", "far.py:5"),
        ("optimizer.lr", "near.py:2"),
        ("optimizer", "near.py:2"),
        ("train.epochs", "other.py:2"),
        ("model.generators.ab.blocks", "top.py:4"),
        ("model.generators.ab", "top.py:7"),
        ("model.taps.0", "top.py:9"),
        ("model.taps.1.name", "top.py:10"),
        ("model.generators.ab.missing", "top.py:7"),
        ("train.steps", "other.py:1"),
        ("nothing.like.it", "top.py"),
    ],
)
def test_the_file_that_sets_a_key_is_found_through_the_bases(chain, path, where):
    assert origin(chain, path) == where


def test_a_base_whose_value_is_set_again_to_the_same_still_counts(write):
    write("base.py", "seed = 1")
    assert origin(read_config_file(write("child.py", "_base_ = 'base.py'\nseed = 1")), "seed") == "base.py:1"


def test_indices_can_be_written_with_brackets():
    assert split("model.taps[0].name") == split("model.taps.0.name") == ("model", "taps", "0", "name")


def test_a_group_of_one_network_is_one_key():
    phase = ("model", "phases", "g", "groups")
    assert split("model.phases.g.groups.heads.f.lr") == (*phase, "heads.f", "lr")
    assert split("model.phases.g.groups.heads.lr") == (*phase, "heads", "lr")
    assert split("model.phases.g.groups.heads.betas.0") == (*phase, "heads", "betas", "0")
