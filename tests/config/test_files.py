"""Reading files with their bases, and the errors of those that cannot be read."""

import json

import pytest

from i2ikit.config.files import read_config_file
from i2ikit.errors import ConfigError


def test_a_base_is_merged_key_by_key(write):
    write("base.py", "optimizer = dict(type='Adam', lr=1e-3)")
    child = write("child.py", "_base_ = 'base.py'\noptimizer = dict(lr=5e-4)")
    assert read_config_file(child).values == {"optimizer": {"type": "Adam", "lr": 5e-4}}


@pytest.mark.parametrize("inherited", ["schedule = dict(type='LinearDecay', constant=1, decay=1)", ""])
def test_delete_replaces_what_is_inherited_and_leaves_no_mark(write, inherited):
    write("base.py", inherited)
    child = write("child.py", "_base_ = 'base.py'\nschedule = dict(_delete_=True, type='Constant')")
    assert read_config_file(child).values == {"schedule": {"type": "Constant"}}


def test_an_inherited_none_can_be_set_again(write):
    write("base.py", "model = dict(terms=dict(identity=None))")
    child = write("child.py", "_base_ = 'base.py'\nmodel = dict(terms=dict(identity=dict(weight=1)))")
    assert read_config_file(child).values == {"model": {"terms": {"identity": {"weight": 1}}}}


def test_later_bases_are_merged_over_earlier_ones(write):
    write("one.py", "train = dict(epochs=4)\ndata = dict(a=1, b=1)\nNAME = 'one'")
    write("two.py", "train = dict(steps=30)\ndata = dict(b=2)\nNAME = 'two'")
    values = read_config_file(write("child.py", "_base_ = ['one.py', 'two.py']\nmodel = _base_.NAME")).values
    assert values == {"train": {"steps": 30}, "data": {"a": 1, "b": 2}, "model": "two"}


def test_each_file_runs_once_and_no_config_changes_its_bases(write, tmp_path):
    counter = tmp_path / "made_once"  # making it again would fail
    write("base.py", f"import os\nos.mkdir({str(counter)!r})\nmodel = dict(taps=['stem'])")
    write("child.py", "_base_ = 'base.py'\n_base_.model['taps'] = []")
    assert read_config_file(write("top.py", "_base_ = 'child.py'")).values["model"] == {"taps": ["stem"]}


def test_tuples_become_lists_so_that_json_gives_the_config_back(write):
    values = read_config_file(write("a.py", "model = dict(taps=[('stem', 'up2')], betas=(0.5, 0.999))")).values
    assert values == {"model": {"taps": [["stem", "up2"]], "betas": [0.5, 0.999]}}
    assert json.loads(json.dumps(values)) == values


def test_names_that_help_to_write_a_config_are_left_out(write):
    source = """
        import os
        from pathlib import Path
        RESNET = dict(type="ResNetGenerator")
        _half = 0.5
        def double(x): return 2 * x
        model = dict(generators=dict(ab=RESNET), x=double(_half))
    """
    values = read_config_file(write("a.py", source)).values
    assert values == {"model": {"generators": {"ab": {"type": "ResNetGenerator"}}, "x": 1.0}}


def test_a_config_may_import_any_module(write):
    source = "import os\nimport torch\nseed = int(os.environ.get('NOT_SET_ANYWHERE', 3))"
    assert read_config_file(write("a.py", source)).values == {"seed": 3}


def test_a_base_can_be_used_as_a_value(write):
    write("base.py", "optimizer = dict(type='Adam', lr=1e-3)")
    child = write("child.py", "_base_ = 'base.py'\nmodel = dict(lr=_base_.optimizer.lr, like=_base_.optimizer)")
    assert read_config_file(child).values["model"] == {"lr": 1e-3, "like": {"type": "Adam", "lr": 1e-3}}


@pytest.mark.parametrize(
    ("base", "child", "train"),
    [
        ("train = dict(epochs=4)", "train = dict(steps=30)", {"steps": 30}),
        ("train = dict(steps=30)", "train = dict(epochs=4)", {"epochs": 4}),
        ("train = dict(epochs=4)", "seed = 1", {"epochs": 4}),
        ("train = dict(epochs=4)", "train = dict(epochs=5)", {"epochs": 5}),
        ("seed = 1", "train = dict(epochs=5)", {"epochs": 5}),
    ],
)
def test_the_length_that_is_given_later_wins(write, base, child, train):
    write("base.py", base)
    write("child.py", f"_base_ = 'base.py'\n{child}")
    grandchild = write("grandchild.py", "_base_ = 'child.py'\nlog = dict(every=1)")
    assert read_config_file(grandchild).values["train"] == train


def test_two_lengths_in_one_file_are_both_kept_for_validation_to_refuse(write):
    write("base.py", "train = dict(epochs=4)")
    child = write("child.py", "_base_ = 'base.py'\ntrain = dict(epochs=5, steps=30)")
    assert read_config_file(child).values["train"] == {"epochs": 5, "steps": 30}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("model = dict(\nseed = = 3", r"a\.py:\n  - line \d: not valid Python: .* at `"),
        ("seed = 1\nmodel = dict(x=unknown)", r"a\.py:\n  - line 2: NameError: name 'unknown' is not defined"),
        ("seed = 1\n\nraise RuntimeError", r"line 3: RuntimeError\. A config is plain Python"),
        ("raise SystemExit(3)", r"line 1: SystemExit: 3"),
        ("raise GeneratorExit", r"line 1: GeneratorExit\. A"),
        ("class Stop(KeyboardInterrupt): pass\nraise Stop('x')", r"line 2: Stop: x\. A"),
        ("_base_ = 'bse.py'", r"line 1: _base_ names 'bse\.py', but there is no bse\.py\. Nearest: 'base\.py'"),
        ("_base_ = 3", r"line 1: _base_ must be the path of a file, or a list of paths, in quotes"),
        ("_base_ = 'b' + 'ase.py'", r"_base_ must be the path of a file"),
        ("_base_ = ['base.py', 'child.py']", r"base\.py and child\.py both bring base\.py; let one inherit"),
        ("_base_ = ['child.py', 'base.py']", r"child\.py brings .*base\.py already; leave base out of _base_"),
        (
            "_base_ = 'base.py'\nx = 1\nseed = dict(y=1)",
            r"line 3: seed: a dict cannot inherit from 3; write `_delete_=",
        ),
        ("_base_ = 'base.py'\nseed = _base_.sed", r"line 2: AttributeError: no base sets 'sed'\. Nearest: 'seed'"),
        ("with read_base():\n    from .base import *", r"line 1: inherit with `_base_ = "),
        ("from .base import train", r"line 1: inherit with `_base_ = "),
        ("model = dict(x={1: 2})", r"model\.x: the key 1 must be text, since a checkpoint keeps the config as JSON"),
        ("model = dict(x=[{1, 2}])", r"model\.x\.0 must be a number, text, .* not \{1, 2\}"),
        ("from pathlib import Path\nmodel = dict(type=Path)", r"not the class Path: write its name in quotes"),
        ("model = dict(x=[1, 10**5000])", r"model\.x\.1 must be an integer of at most \d+, not one of 16610 bits"),
        ("seed = float('nan')", r"seed must be a finite number, not nan"),
        ("model = dict()\nmodel['x'] = model", r"values are nested deeper than 64, or one contains itself"),
        ("model = []\nfor _ in range(100_000): model = [model]", r"values are nested deeper than 64"),
        ("seed = " + "-" * 200_000 + "1", r"its expressions are nested too deeply"),
        (
            "class D(dict):\n    def items(self): 1 / 0\nmodel = D(x=1)",
            r"cannot be read: ZeroDivisionError\. A",
        ),
        ("class O:\n    def __repr__(self): 1 / 0\nx = O()", r"x must be a number, text, .* not <O>"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_with_its_line(write, source, message):
    write("base.py", "train = dict(epochs=4)\nseed = 3")
    write("child.py", "_base_ = 'base.py'")
    with pytest.raises(ConfigError, match=message):
        read_config_file(write("a.py", source))


def test_ctrl_c_while_a_config_runs_ends_the_program(write):
    with pytest.raises(KeyboardInterrupt):
        read_config_file(write("a.py", "raise KeyboardInterrupt"))


def test_an_error_in_a_base_names_the_base(write):
    write("folder/base.py", "seed = 1\nseed = undefined")
    child = write("child.py", "_base_ = 'folder/base.py'")
    with pytest.raises(ConfigError, match=r"1 error in folder/base\.py:\n  - line 2: NameError"):
        read_config_file(child)


def test_files_that_inherit_in_a_circle_are_refused(write):
    write("a.py", "_base_ = 'b.py'")
    path = write("b.py", "_base_ = 'a.py'")
    with pytest.raises(ConfigError, match=r"inherit in a circle: b\.py -> a\.py -> b\.py"):
        read_config_file(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.yaml", b"seed: 1", r"a config is a Python file \(\.py\), not \.yaml"),
        ("a.py", b"seed = 1\x00\xff", "this is not a text file of Python"),
        ("a.py", None, "there is no such file"),
    ],
)
def test_what_is_no_python_file_is_refused(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_config_file(tmp_path / name)


def test_the_byte_order_mark_of_windows_editors_is_skipped(tmp_path):
    (tmp_path / "a.py").write_bytes(b"\xef\xbb\xbfseed = 1\r\n")
    assert read_config_file(tmp_path / "a.py").values == {"seed": 1}


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
    assert chain.origin(path) == where


def test_a_base_whose_value_is_set_again_to_the_same_still_counts(write):
    write("base.py", "seed = 1")
    assert read_config_file(write("child.py", "_base_ = 'base.py'\nseed = 1")).origin("seed") == "base.py:1"


def test_a_dict_that_several_bases_set_in_parts_is_of_the_last(write):
    write("one.py", "data = dict(a=1)")
    write("two.py", "seed = 1\ndata = dict(b=2)")
    file = read_config_file(write("child.py", "_base_ = ['one.py', 'two.py']"))
    assert [file.origin(path) for path in ("data.a", "data.b", "data", "data.c")] == [
        *("one.py:1", "two.py:2", "two.py:2", "two.py:2")
    ]


def test_a_base_sees_and_changes_the_bases_that_are_listed_before_it(write):
    write("one.py", "LR = 0.1\nschedule = dict(type='LinearDecay', decay=1)")
    write("two.py", "_base_ = 'three.py'\nschedule = dict(_delete_=True, type=_base_.schedule.type)\nseed = _base_.LR")
    write("three.py", "log = dict(every=2 if _base_.LR else 1)")
    values = read_config_file(write("child.py", "_base_ = ['one.py', 'two.py']")).values
    assert values == {"schedule": {"type": "LinearDecay"}, "seed": 0.1, "log": {"every": 2}}
