"""Reading files with their bases, and what is said about those that cannot be read."""

import json
import tempfile

import pytest

from i2ikit.config.files import read_config_file
from i2ikit.errors import ConfigError


def test_a_base_is_merged_key_by_key(write):
    write("base.py", "optimizer = dict(type='Adam', lr=1e-3)")
    child = write("child.py", "_base_ = 'base.py'\noptimizer = dict(lr=5e-4)")
    assert read_config_file(child).values == {"optimizer": {"type": "Adam", "lr": 5e-4}}


def test_delete_replaces_what_is_inherited_and_leaves_no_mark(write):
    write("base.py", "schedule = dict(type='LinearDecay', constant=1, decay=1)")
    child = write("child.py", "_base_ = 'base.py'\nschedule = dict(_delete_=True, type='Constant')")
    assert read_config_file(child).values == {"schedule": {"type": "Constant"}}


def test_delete_without_anything_to_delete_leaves_no_mark(write):
    path = write("alone.py", "schedule = dict(_delete_=True, type='Constant')")
    assert read_config_file(path).values == {"schedule": {"type": "Constant"}}


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
    # mmengine's lazy mode raises an empty RuntimeError here on Python 3.11
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
        ("_base_ = 'bse.py'", r"line 1: _base_ names 'bse\.py', but there is no bse\.py\. Nearest: 'base\.py'"),
        ("_base_ = 3", r"line 1: _base_ must be the path of a file, or a list of paths, in quotes"),
        ("_base_ = 'b' + 'ase.py'", r"_base_ must be the path of a file"),
        ("_base_ = ['base.py', 'base2.py']", r"base\.py and base2\.py both set 'train'; let one inherit"),
        ("_base_ = 'base.py'\ntrain = dict(epochs=dict(x=1))", r"cannot inherit from base .* `_delete_=True`"),
        ("with read_base():\n    from .base import *", r"line 1: inherit with `_base_ = "),
        ("from .base import train", r"line 1: inherit with `_base_ = "),
        ("model = dict(x={1: 2})", r"model\.x: the key 1 must be text, since a checkpoint keeps the config as JSON"),
        ("model = dict(x=[{1, 2}])", r"model\.x\.0 must be a number, text, .* not \{1, 2\}"),
        ("from pathlib import Path\nmodel = dict(type=Path)", r"not the class Path: write its name in quotes"),
        ("filename = 'x'", r"filename is reserved for config file"),
    ],
)
def test_what_cannot_be_read_is_said_with_file_and_line(write, source, message):
    write("base.py", "train = dict(epochs=4)")
    write("base2.py", "train = dict(steps=4)")
    with pytest.raises(ConfigError, match=message):
        read_config_file(write("a.py", source))


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


def test_other_formats_are_refused(write):
    with pytest.raises(ConfigError, match=r"a config is a Python file \(\.py\), not \.yaml"):
        read_config_file(write("a.yaml", "seed: 1"))


def test_a_binary_file_is_refused(write, tmp_path):
    (tmp_path / "a.py").write_bytes(b"seed = 1\x00\xff")
    with pytest.raises(ConfigError, match=r"this is not a text file of Python"):
        read_config_file(tmp_path / "a.py")


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file"):
        read_config_file(tmp_path / "a.py")


@pytest.mark.parametrize("source", ["seed = 1", "seed = undefined"])
def test_no_temporary_files_stay(write, tmp_path, monkeypatch, source):
    path = write("a.py", source)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    try:
        read_config_file(path)
    except ConfigError:
        assert "undefined" in source
    assert list(scratch.iterdir()) == []
