"""Plugins whose parts fail while a run uses them, and what else two installed plugins can do to each other."""

import json
import re
from pathlib import Path

import pytest

from tests.plugin.test_broken_distributions import HOOK, install, run

PARTS = """
import torch
from i2ikit.checks import same_shape
from i2ikit.engine.hooks.base import RunHook
from i2ikit.metrics.base import MeanOverImages
from i2ikit.registry import HOOKS, LOSSES, METRICS
print("a line that is no output")

def deep(x):
    return torch.zeros(2) + torch.zeros(3)  # line 10

@LOSSES.register_module()
class FrailLoss(torch.nn.Module):
    def __init__(self, fails: bool = False, scale: float = SCALE) -> None:
        super().__init__()
        self.fails, self.scale = fails, scale

    def forward(self, image, target):
        if self.fails and not image.is_meta:  # as the check of a config is
            deep(image)
        return self.scale * (image - target).abs().mean()

@LOSSES.register_module()
class ShapeLoss(torch.nn.Module):
    def forward(self, image, target):
        same_shape("ShapeLoss", image=image, target=target if image.is_meta else target[:, :1])  # line 26
        return (image - target).abs().mean()

@METRICS.register_module()
class FrailMetric(MeanOverImages):
    needs_inputs = True

    def per_image(self, sample):
        assert "a" in sample
        return {"zero": 1 / 0}

@HOOKS.register_module()
class FrailHook(RunHook):
    def __init__(self, at: int = 1) -> None:
        self.at = at

    def after_step(self, run, losses):
        if run.progress.step == self.at:
            raise LookupError("no such thing")
"""
CONFIG = """
_base_ = "i2ikit::cyclegan/stripes.py"
GENERATOR = dict(filters=4, blocks=1)
DISCRIMINATOR = dict(filters=4, layers=1)
model = dict(
    generators=dict(ab=GENERATOR, ba=GENERATOR), discriminators=dict(a=DISCRIMINATOR, b=DISCRIMINATOR),
    phases=dict(generate=dict(terms=dict(identity_b=dict(loss=dict(_delete_=True, type="FrailLoss"))))))
data = dict(load_size=16, crop_size=16, workers=0, train=dict(count=4), test=dict(count=2))
train = dict(steps=2)
metrics = dict(_delete_=True, frail=dict(type="FrailMetric"), wasserstein=dict(type="SlicedWasserstein"))
evaluation = dict(metric=None)
print("a line that is no output")
"""
BRINGS = (
    HOOK
    + """
from pathlib import Path
print("a line that is no output")
@hookimpl
def i2ikit_configs():
    return [Path(__file__).parent / "configs"]
"""
)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with a plugin whose parts fail when they are used."""
    install(tmp_path, "frail", BRINGS.format(parts="toy_frail.parts"), PARTS.replace("SCALE", "1.0"))
    bring_config(tmp_path, "frail", "frail/stripes", CONFIG)
    return tmp_path


def bring_config(folder: Path, plugin: str, name: str, text: str) -> None:
    path = folder / f"toy_{plugin}" / "configs" / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.slow
def test_a_failure_in_a_run_names_the_term_and_the_plugin_with_its_line(shelf, python):
    loss = "model.phases.generate.terms.identity_b.loss"
    broken, shape, hook = run(
        python,
        shelf,
        f"train frail/stripes --work-dir one --set {loss}.fails=true",
        f"train frail/stripes --work-dir two --set {loss}.type=ShapeLoss",
        "train frail/stripes --work-dir three --set hooks=[{'type':'FrailHook'}]",
    )
    at = f"in the plugin 'frail' (i2ikit-frail 0.3), {shelf / 'toy_frail' / 'parts.py'}"
    assert broken[0] == 1
    assert f"\n  in term 'identity_b'\n  {at}:10\n" in broken[2]
    assert "--debug for the traceback" in broken[2]
    assert shape[0] == 2
    assert "ShapeLoss needs tensors of one shape" in shape[2]
    assert f"\n  in term 'identity_b'\n  {at}:26\n" in shape[2]
    assert hook[0] == 1
    assert f"LookupError: no such thing\n  {at}:44\n" in hook[2]


@pytest.mark.slow
def test_a_metric_that_raises_ends_no_run_and_folders_without_inputs_are_named(shelf, python):
    trained, made, measured = run(
        python,
        shelf,
        "train frail/stripes --work-dir run",
        "data make stripes images --size 16 --train 1 --test 2",
        "evaluate --images images/testA images/testB --metrics frailmetric,psnr",
    )
    assert trained[0] == 0, trained[2]
    assert (shelf / "run" / "index.html").is_file()
    assert list((shelf / "run" / "checkpoints").glob("*2.pt"))
    log = [json.loads(line) for line in (shelf / "run" / "log.jsonl").read_text().splitlines()]
    found = [line for line in log if line.get("event") == "metrics"][-1]
    assert "frail" in found["missing"]
    assert f"{shelf / 'toy_frail' / 'parts.py'}:35" in found["missing"]["frail"]
    assert "wasserstein.distance" in found["metrics"]
    assert made[0] == measured[0] == 0
    assert "FrailMetric needs the inputs of the translations: measure a checkpoint instead of a folder" in measured[1]


@pytest.mark.slow
def test_what_plugins_and_configs_print_is_no_part_of_the_output(shelf, python):
    doctor, config, listed = run(python, shelf, "doctor --json", "config frail/stripes", "list configs")
    assert json.loads(doctor[1])["environment"]["plugins"]["frail"] == "0.3 ready"
    for output in (doctor, config, listed):
        assert "no output" not in output[1]
    assert "a line that is no output" in doctor[2] + config[2]
    assert compile(config[1], "config", "exec")


@pytest.mark.slow
def test_a_config_of_two_plugins_is_named_with_its_package(shelf, python):
    install(shelf, "second", BRINGS.format(parts="toy_second"), None)
    bring_config(shelf, "second", "frail/stripes", "_base_ = 'i2ikit::cut/stripes.py'\nseed = 7\n")
    bring_config(shelf, "second", "cut/stripes", "_base_ = 'i2ikit::cut/stripes.py'\nseed = 8\n")
    listed, unclear, own, other, core, missing = run(
        python,
        shelf,
        "list configs",
        "config frail/stripes",
        "config i2ikit-frail::frail/stripes",
        "config second::cut/stripes",
        "config cut/stripes",
        "config i2ikit-second::cut/strips",
    )
    lines = [line.split() for line in listed[1].splitlines()]
    assert ["i2ikit-frail::frail/", "stripes"] in lines
    assert ["i2ikit-second::frail/", "stripes"] in lines
    assert ["i2ikit-second::cut/", "stripes"] in lines
    assert unclear[0] == 2
    assert (
        "several plugins bring a config of that name: write i2ikit-frail::frail/stripes or i2ikit-second" in unclear[2]
    )
    assert "FrailLoss" in own[1]
    assert "seed = 8" in other[1]
    assert "seed = 8" not in core[1]
    assert missing[0] == 2
    assert "Nearest: 'stripes.py'" in missing[2]


def test_an_entry_point_of_two_packages_is_reported_with_both(tmp_path, python):
    install(tmp_path, "first", None, "", entry_name="same")
    install(tmp_path, "second", None, "", entry_name="same")
    (plugins,) = run(python, tmp_path, "plugins")
    assert plugins[0] == 0
    assert plugins[1].count(" broken ") == 1
    text = " ".join(plugins[1].split())
    assert re.search(r"'same' is an entry point of i2ikit-(first|second) 0\.3 too\. Its authors have to rename", text)


@pytest.mark.slow
def test_a_resumed_run_reports_another_version_of_a_plugin_and_its_other_defaults(shelf, python):
    (started,) = run(python, shelf, "train frail/stripes --work-dir run --pause-at 1")
    assert started[0] == 0, started[2]
    info = shelf / "i2ikit_frail-0.3.dist-info"
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: i2ikit-frail\nVersion: 0.4\n")
    info.rename(shelf / "i2ikit_frail-0.4.dist-info")
    (shelf / "toy_frail" / "parts.py").write_text(PARTS.replace("SCALE", "3.0"))
    (resumed,) = run(python, shelf, "train --resume run")
    assert resumed[0] == 0, resumed[2]
    told = resumed[1] + resumed[2]
    assert "versions.i2ikit-frail: '0.3' -> '0.4'" in told
    assert "model.phases.generate.terms.identity_b.loss.scale: 1.0 -> 3.0 (changes the next steps)" in told


@pytest.mark.slow
def test_a_checkpoint_whose_plugin_is_missing_names_what_to_install(tmp_path, python):
    generator = (
        "from i2ikit.generators import ResNetGenerator\nfrom i2ikit.registry import GENERATORS\n"
        "@GENERATORS.register_module()\nclass FrailGenerator(ResNetGenerator):\n    '''A toy.'''\n"
    )
    install(tmp_path, "frail", BRINGS.format(parts="toy_frail.parts"), generator)
    text = CONFIG.replace("filters=4, blocks=1", "type='FrailGenerator', filters=4, blocks=1")
    text = text.replace('"FrailLoss"', '"L1Loss"').replace('frail=dict(type="FrailMetric"), ', "")
    bring_config(tmp_path, "frail", "frail/stripes", "plugins = ['i2ikit-frail']" + text)
    (trained,) = run(python, tmp_path, "train frail/stripes --work-dir run")
    assert trained[0] == 0, trained[2]
    for file in (tmp_path / "i2ikit_frail-0.3.dist-info").iterdir():
        file.unlink()
    (tmp_path / "i2ikit_frail-0.3.dist-info").rmdir()
    train, *others = run(
        python,
        tmp_path,
        "train --resume run",
        "evaluate run",
        "translate run run/samples out",
        "export run --format torchscript --out x.pt",
        "export run --out weights",
    )
    assert train[0] == 2
    assert "`pip install i2ikit-frail`" in train[2]
    for outcome in others:
        assert outcome[0] == 2
        assert "the plugin 'i2ikit-frail' is not installed: `pip install i2ikit-frail`" in outcome[2]
