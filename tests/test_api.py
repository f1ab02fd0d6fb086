"""The public functions of the package."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

import i2ikit
from i2ikit import api
from i2ikit.cli import progress
from i2ikit.data.workers import SIGNALS
from i2ikit.engine.reporter import Reporter
from i2ikit.errors import ConfigError, DataError

TINY = [
    "data.load_size=32",
    "data.crop_size=32",
    "data.workers=0",
    "data.train.count=3",
    "samples.count=2",
]


class Notes(Reporter):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def tiny_config() -> dict[str, object]:
    return i2ikit.load_config("enco/stripes", set=TINY)


def test_the_package_is_imported_without_torch_and_lists_its_names() -> None:
    code = """
import sys, i2ikit
assert {"Translator", "__version__", "evaluate", "load_config", "train"} == set(i2ikit.__all__) <= set(dir(i2ikit))
assert "torch" not in sys.modules
from i2ikit import Translator, evaluate, load_config, train
assert "torch" in sys.modules
from i2ikit.plugin import get_manager
get_manager().load_components()
assert "torchvision" not in sys.modules  # whose import takes seconds; parts import it where they use it
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "I2IKIT_DISABLE_PLUGINS": "all"})


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_the_report_is_written_lets_it_be_finished(tmp_path: Path, monkeypatch, number) -> None:
    def write(work_dir: Path) -> Path:
        signal.raise_signal(number)
        return work_dir / "written"

    monkeypatch.setattr(api, "write_report", write)
    seen = Notes()
    api.train(tiny_config(), work_dir=tmp_path / "run", max_steps=1, reporter=seen)
    assert seen.notes[-1] == f"report     {tmp_path / 'run' / 'written'}"


def test_a_name_that_the_package_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fit'; it has Translator"):
        _ = i2ikit.fit


def test_a_config_is_read_by_name_or_path_with_overrides_and_data(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("_base_ = ['i2ikit::enco/stripes.py']\nseed = 5\n")
    config = i2ikit.load_config(path, set=["data.batch_size=3"], data=tmp_path)
    assert (config["seed"], config["data"]["batch_size"]) == (5, 3)
    assert config["data"]["train"]["root"] == str(tmp_path)
    with pytest.raises(ConfigError, match="Nearest: 'enco/stripes'"):
        i2ikit.load_config("enco/stripe")


@pytest.mark.slow
def test_a_config_is_trained_with_progress_resumed_evaluated_and_used(tmp_path: Path, monkeypatch) -> None:
    output = io.StringIO()
    monkeypatch.setattr(progress, "out", lambda: Console(file=output, width=120))
    folder = tmp_path / "run"
    result = i2ikit.train("enco/stripes", set=TINY, work_dir=str(folder), device="cpu", max_steps=2)
    assert result.step == 2
    assert "step 2/2" in output.getvalue()
    assert (folder / "index.html").exists()
    assert "report     " in output.getvalue()
    output.truncate(0)
    assert i2ikit.train(tiny_config(), work_dir=folder, device="cpu", max_steps=3, resume=True, quiet=True).step == 3
    assert not output.getvalue()

    found = i2ikit.evaluate(folder, metrics=["wasserstein"], device="cpu")
    assert found.metrics["wasserstein.distance"] > 0
    assert found.protocol["step"] == 3
    assert i2ikit.Translator.load(folder).source.channels == 3


def test_contradicting_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give them to load_config"):
        api.train(tiny_config(), work_dir=tmp_path, set=["seed=1"])
    with pytest.raises(ValueError, match="quiet=True shows nothing"):
        api.train(tiny_config(), work_dir=tmp_path, quiet=True, reporter=Reporter())


@pytest.mark.parametrize(("began", "pages"), [(True, ["index.html"]), (False, [])])
def test_every_run_that_began_leaves_a_report_whatever_ended_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, began: bool, pages: list[str]
) -> None:
    (tmp_path / "log.jsonl").write_text('{"event": "start", "device": "cpu"}\n')  # of an earlier run

    def fail(config: object, **options: object) -> None:
        if began:
            (tmp_path / "log.jsonl").write_text('{"step": 7, "losses": {"gan": 0.5}}\n')
        raise KeyError("anything")

    monkeypatch.setattr(api, "run", fail)
    with pytest.raises(KeyError, match="anything"):
        api.train({}, work_dir=tmp_path, quiet=True)
    assert [path.name for path in tmp_path.glob("*.html")] == pages


def test_paths_of_the_functions_may_begin_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    overrides = ["data.load_size=32", "data.crop_size=32", "data.workers=0", "data.train.count=2", "data.test=None"]
    small = ["model.generators.ab.filters=2", "model.discriminators.b.filters=2", "model.heads.f.dim=2"]
    (tmp_path / "mine.py").write_text('_base_ = "i2ikit::cut/stripes.py"')
    config = i2ikit.load_config("~/mine.py", set=[*overrides, *small])
    result = i2ikit.train(config, work_dir="~/run", max_steps=1, quiet=True)
    assert result.work_dir == tmp_path / "run"
    translator = i2ikit.Translator.load("~/run")
    Image.new("RGB", (32, 32)).save(tmp_path / "x.png")
    assert translator.folder("~/x.png", "~/out") == 1
    assert (tmp_path / "out" / "x.png").is_file()
    with pytest.raises(DataError, match=f"{tmp_path}/photos does not exist"):
        i2ikit.train(i2ikit.load_config("~/mine.py", data="~/photos"), work_dir="~/other", quiet=True)
    assert {path.name for path in tmp_path.iterdir()} >= {"run", "out"}
    assert not (tmp_path / "~").exists()
