"""`i2ikit new`: what it writes passes its tests and the linter."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from i2ikit.cli.scaffold import class_name, snake
from i2ikit.config.imports import import_problems
from i2ikit.datasets.stripes.stripes import write_stripes
from i2ikit.kinds import HOOKS, KINDS
from i2ikit.plugin.info import OWN_FILES
from i2ikit.registry import HOOKS as MMENGINE_HOOKS
from i2ikit.registry import LOSSES, REGISTRIES

CORE = Path(__file__).parents[2]


def call(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_every_kind_passes_its_tests_and_the_linter_in_a_plugin_and_in_the_core(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kinds = (*KINDS, HOOKS)
    assert run("new", "plugin", "i2ikit-ripe", "--with", ",".join(kind.word for kind in kinds)).code == 0
    assert run("new", "loss", "OtherLoss", "--into", "i2ikit-ripe").code == 0
    plugin, core = tmp_path / "i2ikit-ripe", tmp_path / "checkout"
    shutil.copytree(CORE / "i2ikit", core / "i2ikit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CORE / "pyproject.toml", core)
    for kind in kinds:
        outcome = run("new", kind.word, f"Fresh{kind.word.capitalize()}", "--into", str(core))
        assert outcome.code == 0, outcome.err
    tested = call(
        *("pytest", "-q", "-p", "no:cacheprovider", "-c", str(plugin / "pyproject.toml"), str(plugin / "tests")),
        str(core / "tests"),
        cwd=plugin,
        PYTHONPATH=os.pathsep.join([str(core), str(plugin)]),
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
    for folder, files in ((plugin, ["."]), (core, [*map(str, core.rglob("*fresh.py"))])):
        linted = call("ruff", "check", "--no-cache", *files, cwd=folder)
        assert linted.returncode == 0, linted.stdout
        formatted = call("ruff", "format", "--no-cache", "--check", "--diff", *files, cwd=folder)
        assert formatted.returncode == 0, formatted.stdout + formatted.stderr
    assert (core / "i2ikit" / "losses" / "fresh.py").is_file()
    assert (core / "i2ikit" / "engine" / "hooks" / "fresh.py").is_file()


SCAFFOLDS = """
imports = [{files}]
TAPS = ["stem", "down1"]
CONTENT = dict(
    type="PatchTerm", query=("ab", "ab(flip(a))"), key=("ab", "flip(a)"), taps=TAPS, head="f",
    loss=dict(type="PatchNCELoss"), sampler=dict(type="NewSampler", num=8), negatives=dict(type="NewNegatives"))
model = dict(
    type="UnpairedTranslation",
    generators=dict(ab=dict(type="NewGenerator", filters=4)),
    discriminators=dict(b=dict(type="NewDiscriminator", filters=4)),
    heads=dict(f=dict(type="NewHead", of="ab", taps=TAPS, dim=8)),
    extractors=dict(fixed=dict(type="NewExtractor", filters=4)),
    views=dict(flip=dict(type="NewView", probability=1.0)),
    phases=dict(
        discriminate=dict(update=["discriminators"], terms=dict(
            d=dict(type="DiscriminatorTerm", discriminator="b", real="b", fake="ab(flip(a))",
                   loss=dict(type="LSGANLoss")))),
        generate=dict(update=["generators", "heads"], terms=dict(
            gan=dict(type="AdversarialTerm", discriminator="b", image="ab(flip(a))", loss=dict(type="LSGANLoss")),
            color=dict(type="NewTerm", image="ab(flip(a))", target="flip(a)"),
            identity=dict(type="PixelTerm", image="ab(b)", target="b", loss=dict(type="NewLoss")),
            features=dict(type="FeatureTerm", network="extractors.fixed", image="ab(flip(a))", target="flip(a)",
                          taps=["fine"], loss=dict(type="L1Loss")),
            content=CONTENT))))
optimizer = dict(type="Adam", lr=1e-4)
schedule = dict(type="NewSchedule", end=0.5)
data = dict(
    load_size=16, crop_size=16, workers=0, train=dict(type="NewDataset", count=2),
    test=dict(type="UnpairedFolders", root="{root}", split="test", transform=dict(type="NewTransform")))
train = dict(steps=2)
samples = dict(count=1)
metrics = dict(change=dict(type="NewMetric"))
hooks = [dict(type="NewHook", every=2)]
trackers = [dict(type="NewTracker", digits=3)]
"""


@pytest.fixture
def forgotten():
    """Removes the parts of own files after a test."""
    yield
    for name in [name for name in sys.modules if name.startswith(OWN_FILES)]:
        del sys.modules[name]
    for registry in (*REGISTRIES.values(), MMENGINE_HOOKS):
        for key in [key for key, part in registry.module_dict.items() if part.__module__.startswith(OWN_FILES)]:
            del registry.module_dict[key]


def test_every_new_part_trains(run, tmp_path, monkeypatch, forgotten):
    monkeypatch.chdir(tmp_path)
    names = [class_name(kind, "New" if kind.suffix else f"New{kind.word.capitalize()}") for kind in (*KINDS, HOOKS)]
    for kind, name in zip((*KINDS, HOOKS), names, strict=True):
        outcome = run("new", kind.word, name)
        assert outcome.code == 0, outcome.err
    write_stripes(tmp_path / "images", size=16, train_count=1, test_count=1, seed=0)
    files = ", ".join(f'"{snake(name)}.py"' for name in names)
    (tmp_path / "mine.py").write_text(SCAFFOLDS.format(files=files, root=tmp_path / "images"))
    outcome = run("train", "mine.py", "--work-dir", "run")
    assert outcome.code == 0, outcome.err
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert next(line for line in log if line.get("event") == "metrics")["metrics"].keys() == {"change.change"}
    assert "is the largest term" in outcome.out + outcome.err
    assert {name for name in names if name in (tmp_path / "mine.py").read_text()} == set(names)


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("loss", "my_loss", "'my_loss' is not how a loss is named; write MyLoss"),
        ("loss", "Charbonnier", "write CharbonnierLoss"),
        ("sampler", "hard-places", "write HardPlacesSampler"),
        ("metric", "my change", "write MyChange"),
        ("loss", "loss", "cannot be the name of a class"),
        ("loss", "3", "cannot be the name of a class"),
        ("loss", "L1Loss", "'L1Loss' is taken: i2ikit.losses.pixel registers it"),
        ("los", "MyLoss", "no kind of parts is called 'los'. Nearest: 'losses'"),
        ("plugin", "foo", "'foo' is not how a plugin is named; write i2ikit-foo"),
        ("plugin", "i2ikit_Foo_Bar", "write i2ikit-foo-bar"),
        ("plugin", "i2ikit", "'i2ikit' is not the name of a plugin"),
    ],
)
def test_a_wrong_name_is_an_error_with_the_right_spelling(run, tmp_path, kind, name, message):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "i2ikit"\n')
    outcome = run("new", kind, name, "--into", str(tmp_path))
    assert outcome.code == 2
    assert message in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["pyproject.toml"]


def test_nothing_is_overwritten(run, tmp_path):
    assert run("new", "plugin", "i2ikit-foo", "--into", str(tmp_path)).code == 0
    outcome = run("new", "plugin", "i2ikit-foo", "--into", str(tmp_path))
    assert outcome.code == 2
    assert "nothing is overwritten; these files exist already:" in outcome.err


def test_outside_of_a_plugin_a_file_for_imports_is_written(run, tmp_path):
    outcome = run("new", "loss", "color", "--into", str(tmp_path))
    assert outcome.code == 0
    assert 'use   imports=["color_loss.py"] in a config beside it, and type="ColorLoss" where the loss' in outcome.out
    assert "from color_loss import ColorLoss" in (tmp_path / "test_color_loss.py").read_text()
    problems = import_problems([str(tmp_path / "color_loss.py")])
    assert (problems, "ColorLoss" in LOSSES.names()) == ([], True)
    del LOSSES.module_dict["ColorLoss"]


def test_a_part_without_a_folder_for_parts_goes_into_the_package(run, tmp_path):
    project = '[project]\nname = "x"\n[project.entry-points.i2ikit]\nfoo = "foo_package.hooks"\n'
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / "src" / "foo_package").mkdir(parents=True)
    assert run("new", "losses", "MyLoss", "--into", str(tmp_path)).code == 0
    assert (tmp_path / "src" / "foo_package" / "my_loss.py").is_file()
    assert "from foo_package.my_loss import MyLoss" in (tmp_path / "tests" / "test_my_loss.py").read_text()


def test_with_belongs_to_plugins(run):
    assert "--with belongs to `i2ikit new plugin`" in run("new", "loss", "MyLoss", "--with", "loss").err


@pytest.mark.parametrize("name", ["Ünlaut", "../../evil", "a.b", "3d", "-"])
def test_a_name_with_other_characters_than_those_of_a_class_is_refused_in_full(run, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    outcome = run("new", "loss", "--", name)
    assert outcome.code == 2
    assert f"{name!r} cannot be the name of a class; write it like CharbonnierLoss, in A-Z, a-z, 0-9" in outcome.err
    assert not [*tmp_path.iterdir()]


def test_a_class_name_becomes_a_module_name():
    assert [snake(name) for name in ("PatchNCELoss", "MLPHead", "L1Loss")] == ["patch_nce_loss", "mlp_head", "l1_loss"]
