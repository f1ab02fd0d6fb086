"""Parts in files of the user's own."""

import shutil
import sys

import pytest

from i2ikit.config import dump_config, resolve_config
from i2ikit.config.imports import import_files, import_hashes
from i2ikit.errors import ConfigError, UnknownComponentError
from i2ikit.files import file_hash
from i2ikit.registry import LOSSES, OWN_FILES

COLOR = """
    from torch import nn

    from i2ikit.registry import LOSSES


    @LOSSES.register_module()
    class ColorLoss(nn.Module):
        def __init__(self, factor: float = 1.0) -> None:
            super().__init__()
            self.factor = factor

        def forward(self, image, target):
            return self.factor * (image - target).mean()
"""
CONFIG = """
    _base_ = "../tiny.py"
    imports = ["color_loss.py"]
    model = dict(phases=dict(generate=dict(terms=dict(
        color=dict(type="PixelTerm", image="ab(a)", target="a", loss=dict(type="ColorLoss"))))))
"""
FACTOR = "model.phases.generate.terms.color.loss.factor"


@pytest.fixture(autouse=True)
def _nothing_stays_registered():
    """No class of a test is known to the next test."""
    yield
    for name in [name for name in sys.modules if name.startswith(OWN_FILES)]:
        del sys.modules[name]
    for key in [key for key, part in LOSSES.module_dict.items() if part.__module__.startswith(OWN_FILES)]:
        del LOSSES.module_dict[key]


@pytest.fixture
def own(tiny, write):
    """A config whose loss is in a file beside it."""
    write("mine/color_loss.py", COLOR)
    return write("mine/own.py", CONFIG)


def problems(config, *overrides) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve_config(config, overrides)
    return str(caught.value)


def test_a_loss_beside_the_config_is_built_and_its_arguments_can_be_set(own, tmp_path):
    config = resolve_config(own, [f"{FACTOR}=2"])
    assert config["imports"] == [str(tmp_path / "mine" / "color_loss.py")]
    assert config["model"]["phases"]["generate"]["terms"]["color"]["loss"] == {"type": "ColorLoss", "factor": 2}
    assert import_hashes(config) == {"color_loss.py": file_hash(tmp_path / "mine" / "color_loss.py")}
    assert "has no 'faktor'. Nearest: 'factor'" in problems(own, f"{FACTOR[:-6]}faktor=2")


def test_files_of_bases_and_of_the_command_line_are_imported_too(own, write, tmp_path):
    write("other_loss.py", COLOR.replace("ColorLoss", "OtherLoss"))
    child = write("child.py", "_base_ = 'mine/own.py'\nimports = ['other_loss.py']")
    files = [str(tmp_path / "mine" / "color_loss.py"), str(tmp_path / "other_loss.py")]
    assert resolve_config(child)["imports"] == files
    loss = "model.phases.generate.terms.gan.weight=2"
    assert resolve_config(tmp_path / "tiny.py", ["imports=[other_loss.py]", loss])["imports"] == files[1:]


def test_a_printed_config_loads_as_the_same_config_elsewhere(own, write):
    config = resolve_config(own)
    assert resolve_config(write("elsewhere/printed.py", dump_config(config))) == config


def test_a_changed_file_replaces_its_parts_and_an_unchanged_copy_does_not_run_again(own, write, tmp_path):
    resolve_config(own)
    first = LOSSES.get("ColorLoss")
    (tmp_path / "copy").mkdir()
    import_files([shutil.copy(tmp_path / "mine" / "color_loss.py", tmp_path / "copy")])
    assert LOSSES.get("ColorLoss") is first
    write("mine/color_loss.py", COLOR.replace("1.0", "3.0"))
    resolve_config(own)
    assert LOSSES.get("ColorLoss")().factor == 3.0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\ny = undefined", "own.py:2: imports.0: mine/color_loss.py, line 2: NameError: name 'undefined'"),
        ("x = 1\ny = (", "mine/color_loss.py, line 2: SyntaxError: '(' was never closed"),
        ("import own", "A file of `imports` is on its own: put both into one file"),
        (COLOR.replace("ColorLoss", "L1Loss"), "two losses are called 'L1Loss': i2ikit.losses.pixel.L1Loss and"),
        (COLOR.replace("@LOSSES", "# @LOSSES"), "has a class ColorLoss: put `@LOSSES.register_module()` above it"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_that_names_it(own, write, source, message):
    write("mine/color_loss.py", source)
    assert message in problems(own)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('imports = ["mine/colour_loss.py"]', "mine/colour_loss.py does not exist. Nearest: 'color_loss.py'"),
        ('imports = ["mine"]', "imports.0: mine is not a Python file (.py)"),
        ('imports = "mine/color_loss.py"', 'must be a list of Python files, as in imports = ["color_loss.py"], not'),
        ("imports = [3]", "must be a list of Python files"),
        ('imports = ["mine/color_loss.py", "color_loss.py"]', "has the same name as"),
        ('plugins = ["color_loss.py"]', 'a file belongs into imports=["color_loss.py"]'),
        (
            'custom_imports = dict(imports=["color_loss"])',
            "a config has no section 'custom_imports'. Nearest: 'imports'",
        ),
        ("import color_loss", 'A file with parts of your own is not imported but listed: imports=["color_loss.py"].'),
    ],
)
def test_other_ways_to_name_a_file_lead_to_imports(own, write, line, message):
    assert message in problems(write("child.py", f"_base_ = 'tiny.py'\n{line}"))


@pytest.mark.parametrize("folder", ["", "."])
def test_a_file_in_the_working_directory_is_not_imported_however_python_was_started(own, write, monkeypatch, folder):
    write("color_loss.py", COLOR)
    monkeypatch.syspath_prepend(folder)  # as `python -m i2ikit` has it, and `i2ikit` does not
    before = list(sys.path)
    child = write("child.py", "_base_ = 'tiny.py'\nimport color_loss")
    assert 'not imported but listed: imports=["color_loss.py"].' in problems(child)
    write("mine/color_loss.py", "import color_loss")
    assert "mine/color_loss.py, line 1: ModuleNotFoundError" in problems(own)
    assert sys.path == before


def test_a_file_that_raises_anything_is_named(own, write):
    write("mine/color_loss.py", "raise GeneratorExit")
    assert "mine/color_loss.py, line 1: GeneratorExit: ." in problems(own)


def test_a_part_inside_a_config_is_refused_before_the_config_runs(tiny, write):
    source = "_base_ = 'tiny.py'\n1 / 0\n@LOSSES.register_module()\nclass MyLoss:\n    pass"
    assert "line 4: a config registers no parts: put the class MyLoss into a file" in problems(
        write("child.py", source)
    )


def test_an_unknown_part_points_to_imports():
    with pytest.raises(UnknownComponentError, match=r'A part of your own file: imports=\["FILE.py"\] in the config'):
        LOSSES.get("ColorLoss")
    with pytest.raises(UnknownComponentError, match=r'write \'ColorLoss\', and .* as in imports=\["color_loss.py"\]'):
        LOSSES.get("lib.color_loss.ColorLoss")
