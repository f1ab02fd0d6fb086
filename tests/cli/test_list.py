"""`i2ikit list` and `i2ikit show`."""

import pytest

from i2ikit.registry import HEADS, LOSSES, REGISTRIES


def test_all_kinds_are_listed_with_their_parts(run):
    outcome = run("list")
    for registry in REGISTRIES.values():
        assert f"\n{registry.plural} " in f"\n{outcome.out}"
    assert "PatchNCELoss" in outcome.out


@pytest.mark.parametrize("kind", ["losses", "loss"])
def test_the_parts_of_a_kind_are_listed_with_what_they_do(run, kind):
    lines = run("list", kind).out.splitlines()
    assert len(lines) > len(LOSSES.names())
    line = next(line for line in lines if line.startswith("L1Loss "))
    assert line.split()[:2] == ["L1Loss", "comparison"]
    assert line.rstrip().endswith("i2ikit")


def test_configs_are_listed_one_method_a_line_without_paths(run):
    words = [line.split() for line in run("list", "configs").out.splitlines()]
    (line,) = [line for line in words if line[0] == "cut_memory_bank/"]
    assert line == ["cut_memory_bank/", "horse2zebra"]
    (line,) = [line for line in words if line[0] == "enco/"]
    assert {"apple2orange", "stripes", "summer2winter"} <= set(line)
    assert len({line[0] for line in words}) == len(words)


def test_an_unknown_kind_is_an_error_with_the_nearest(run):
    outcome = run("list", "losess")
    assert outcome.code == 2
    assert "no kind of parts is called 'losess'. Nearest: 'losses'" in outcome.err


@pytest.mark.parametrize(
    ("kind", "name", "command"),
    [
        ("configs", "cut/stripes", "i2ikit config cut/stripes"),
        ("recipe", "masked", "i2ikit config CONFIG --recipe masked"),
    ],
)
def test_what_is_listed_and_no_part_is_shown_by_another_command(run, kind, name, command):
    outcome = run("show", kind, name)
    assert outcome.code == 2
    assert f"are no parts; `{command}` shows what {name} comes to" in outcome.err


def test_a_part_is_shown_with_its_arguments_and_a_line_for_a_config(run):
    out = run("show", "losses", "PatchNCELoss").out
    assert "PatchNCELoss  loss" in out
    assert "arXiv:2007.15651" in out
    assert ["tau", "0.07", "float"] in [line.split() for line in out.splitlines()]
    assert "module   i2ikit.losses.patch_nce\npackage  i2ikit\ncontract contrast\n" in out
    assert 'config   dict(type="PatchNCELoss", tau=0.07)' in out


def test_an_argument_that_has_to_be_given_is_marked(run):
    out = run("show", "dataset", "UnpairedFolders").out
    assert "(required)" in out
    assert 'dict(type="UnpairedFolders", root=..., split="train"' in out


def test_a_head_has_taps_instead_of_widths_in_its_example(run):
    assert 'dict(type="MLPHead", of="ab", taps=[...], dim=256' in run("show", "heads", "MLPHead").out


def test_a_head_without_widths_has_no_taps_in_its_example(run):
    @HEADS.register_module()
    class EnergyHead:
        """A network for images."""

        def __init__(self, channels=6): ...

    try:
        out = run("show", "heads", "EnergyHead").out
    finally:
        HEADS.module_dict.pop("EnergyHead")
    assert 'config   dict(type="EnergyHead", channels=6)' in out


def test_types_with_brackets_are_shown_completely(run):
    assert "Sequence[int]" in run("show", "heads", "MLPHead").out


def test_a_part_without_a_docstring_is_shown_too(run):
    @HEADS.register_module()
    class SilentHead:
        def __init__(self, widths, *others, gain=(1, 2), **rest): ...

    try:
        out = run("show", "heads", "SilentHead").out
    finally:
        HEADS.module_dict.pop("SilentHead")
    assert "It has no docstring." in out
    assert 'config   dict(type="SilentHead", of="ab", taps=[...], gain=(1, 2))' in out


def test_an_unknown_part_is_an_error_with_the_nearest(run):
    outcome = run("show", "losses", "PatchNSELoss")
    assert outcome.code == 2
    assert "no loss is called 'PatchNSELoss'. Nearest: 'PatchNCELoss'" in outcome.err
