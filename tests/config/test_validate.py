"""All errors of a config at once, each with its file, its key path and a way out."""

from pathlib import Path

import pytest
import torch
from torch import nn

from i2ikit.config import load_config, mmengine_parts, resolve_config
from i2ikit.config.data import dataset_config, read_from
from i2ikit.config.trial import build_trial_model
from i2ikit.config.validate import find_errors
from i2ikit.errors import ConfigError
from i2ikit.registry import GENERATORS, LOSSES

CONTENT = "model.phases.generate.terms.content"


@pytest.fixture
def inherit(tiny, write):
    """Writes a config that changes one line of the sound one."""
    return lambda line: write("top.py", f"_base_ = 'tiny.py'\n{line}\n")


def test_a_sound_config_has_no_errors(tiny):
    assert resolve_config(tiny) == load_config(tiny)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("modle = 3", r"top\.py:2: modle: a config has no section 'modle'\. Nearest: 'model'"),
        ("log = dict(evry=3)", r"top\.py:2: log\.evry: the section 'log' has no 'evry'\. Nearest: 'every'"),
        ("log = 3", r"top\.py:2: log: must be dict\(every=\.\.\.\), not 3"),
        ("log = dict(every=0)", r"log\.every: must be an integer of at least 1, not 0"),
        ("log = dict(every=2.5)", r"log\.every: must be an integer of at least 1, not 2\.5"),
        ("samples = dict(count=True)", r"samples\.count: must be an integer of at least 1, not True"),
        ("seed = -1", r"seed: must be an integer of at least 0, not -1"),
        ("seed = 'x'", r"seed: must be an integer of at least 0, not 'x'"),
        ("train = dict(epochs=2, steps=3)", r"train: needs the length of the training, .* but not both"),
        ("train = dict(_delete_=True)", r"train: needs the length of the training, .* but has neither"),
        ("optimizer = dict(typ='x')", r"top\.py:2: optimizer\.typ: Adam has no argument 'typ'\. Nearest: 'type'"),
        ("optimizer = dict(type='Adm')", r"top\.py:2: optimizer\.type: no optimizer is called 'Adm'\. Nearest: 'Adam"),
        ("optimizer = dict(_delete_=True, lr=1)", r"optimizer: an optimizer is written as dict\(type="),
        ("data = dict(progressive=[[2, 0.5], [4, 0.2]])", r"data\.progressive: must be \[\[divisor, part\], \.\.\.\]"),
        ("data = dict(progressive=[[2.5, 0.5]])", r"data\.progressive: must be \[\[divisor, part\], \.\.\.\]"),
        ("data = dict(progressive=3)", r"data\.progressive: must be \[\[divisor, part\], \.\.\.\]"),
        ("optimizer = dict(lr=-1)", r"top\.py:2: optimizer\.lr: must be a number of at least 0, not -1"),
        ("optimizer = dict(lr='x')", r"top\.py:2: optimizer\.lr: must be a number of at least 0, not 'x'"),
        ("optimizer = dict(lr=float('nan'))", r"optimizer\.lr must be a finite number, not nan"),
        ("optimizer = dict(betas=[0.5])", r"optimizer\.betas: must be a list of 2, not \[0\.5\]"),
        ("optimizer = dict(betas=[0.5, 2])", r"optimizer: Adam refused its arguments: "),
        ("schedule = dict(type='LinearDecy')", r"schedule\.type: no schedule is called 'LinearDecy'\. Nearest: 'Lin"),
        ("schedule = dict(decay=-1)", r"schedule: LinearDecay refused its arguments: decay must be "),
        ("data = dict(train=3)", r"data\.train: a dataset is written as dict\(type="),
        ("data = 3", r"top\.py:2: data: must be dict\(load_size=\.\.\., .*\), not 3"),
        ("data = dict(train=dict(type='Strips'))", r"data\.train\.type: no dataset is called 'Strips'\. Nearest: 'St"),
        ("data = dict(train=dict(cuont=1))", r"data\.train\.cuont: Stripes has no argument 'cuont'\. Nearest: 'count'"),
        (
            "data = dict(train=dict(extra=['a_msk']))",
            r"data\.train: extra takes a_mask, .*, not 'a_msk'\. Nearest",
        ),
        ("data = dict(train=dict(type='UnpairedFolders'))", r"data\.train: UnpairedFolders needs the argument 'root'"),
        (
            "data = dict(load_size=8, train=dict(transform=dict(type='ResizeCropFlip')))",
            r"data\.train\.transform: ResizeCropFlip refused its arguments: load_size must be at least crop_size, 16",
        ),
        ("metrics = dict(x=dict(type='Sliced'))", r"metrics\.x\.type: no metric is called 'Sliced'\. Nearest: 'Sliced"),
        ("metrics = [1]", r"metrics: must be dict\(name=dict\(type="),
        ("hooks = [dict(type='EMAHok')]", r"hooks\.0\.type: no hook is called 'EMAHok'\. Nearest: 'EMAHook'"),
        ("hooks = [dict(type='IterTimerHook', x=1, priority=3)]", r"hooks\.0\.x: IterTimerHook has no argument 'x'\."),
        ("hooks = [dict(type='CollapseAlarm', every=0)]", r"hooks\.0: CollapseAlarm refused its arguments: "),
        ("hooks = [3]", r"hooks\.0: a hook is written as dict\(type="),
        ("hooks = 3", r"hooks: must be a list of dict\(type="),
        ("model = 3", r"top\.py:2: model: must be a dict, not 3"),
        ("model = dict(phases=dict(x=dict(terms=3)))", r"model\.phases\.x\.terms: must be a dict, not 3"),
    ],
)
def test_an_error_in_a_section_is_named(inherit, line, message):
    with pytest.raises(ConfigError, match=message):
        resolve_config(inherit(line))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data.crop_size=0"], "--set data.crop_size=0: must be an integer of at least 1, not 0"),
        (["data.crop_size=[64, 96]"], "transform='dict\\(type=Resize, size=96, height=64\\)'"),
        (["data.crop_size=18"], "generators.ab needs multiples of 4 of at least 8, not 18: .*=16 or data.crop_size=20"),
        (
            ["data.crop_size=4"],
            "generators.ab, discriminators.b need multiples of 4 of at least 8, not 4: data.crop_size=8$",
        ),
        (["data.batch_size=none"], "must be an integer of at least 1, not None"),
        (["data.crop_size=true"], "must be an integer of at least 1, not True"),
        (["train.steps=" + "9" * 400], r"steps=9+\.\.\.: must be an integer of at most \d+, not one of 1329 bits"),
        (["model.phases.generate.groups=[]"], r"groups: must be a dict, not \[\]|must be a dict, not \[\]"),
        ([f"{CONTENT}.weight=" + "9" * 400], "must be an integer of at most"),
        ([f"{CONTENT}.weight=heavy"], "must be a number or a schedule, not 'heavy'"),
        ([f"{CONTENT}.sampler=none"], "must be dict\\(type="),
        (["model.generators.ab.padding=none"], "must be text, not None; the word none is written with its quotes"),
        (["model.generators.ab.blocks=1000000000"], r"blocks must be an integer in 1\.\.1000"),
        (["model.generators.ab.filters=1000000000000"], "ResNetGenerator refused its arguments"),
        (["optimizer.differentiable=none"], "must be True or False, not None"),
        (["alarms.collapse.below=text"], "must be a number, not 'text'"),
        (["vis_backends=[{type: MLflowVisBackend}]"], "MLflowVisBackend needs the package mlflow: pip install mlflow"),
    ],
)
def test_an_override_that_is_wrong_has_one_error(tiny, monkeypatch, overrides, message):
    monkeypatch.setattr(mmengine_parts, "find_spec", lambda package: None)
    with pytest.raises(ConfigError, match=message) as caught:
        resolve_config(tiny, ["data.train.transform=dict(type=Resize)", *overrides])
    assert len(caught.value.errors) == 1
    assert "--set " in caught.value.errors[0].partition(": ")[0]


def test_an_error_in_a_part_names_the_override_that_caused_it(tiny, write):
    data = "dict(load_size=20, train=dict(transform=dict(type='ResizeCropFlip')))"
    path = write("top.py", f"_base_ = 'tiny.py'\ndata = {data}\n")
    with pytest.raises(ConfigError) as caught:
        resolve_config(path, ["data.crop_size=32", "seed=3"])
    (error,) = caught.value.errors
    assert error.startswith("--set data.crop_size=32: data.train.transform: ResizeCropFlip refused its arguments: ")


def test_the_override_that_causes_an_error_is_blamed_not_another_of_the_same_part(tiny):
    unfit = ["model.generators.ab.input_skip=True", "model.generators.ab.out_channels=1"]
    with pytest.raises(ConfigError) as caught:
        resolve_config(tiny, [*unfit, "model.generators.ab.filters=2"])
    errors = caught.value.errors
    assert any(error.startswith(f"--set {unfit[1]}: model.generators.ab: ResNetGenerator refused") for error in errors)


PHASE = "model = dict(phases=dict(generate=dict({})))"


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        (
            "terms=dict(content=dict(loss=dict(type='PatchNSELoss')))",
            r"top\.py:2: model\.phases\.generate\.terms\.content\.loss\.type: no loss is called 'PatchNSELoss'\. "
            r"Nearest: 'PatchNCELoss'",
        ),
        (
            "terms=dict(content=dict(loss=dict(tua=1)))",
            r"loss\.tua: PatchNCELoss has no argument 'tua'\. Nearest: 'tau'",
        ),
        (
            "terms=dict(content=dict(loss=dict(tau=-1)))",
            r"content\.loss: PatchNCELoss refused its arguments: tau must be",
        ),
        (
            "terms=dict(content=dict(taps=['stem', 'dwn1']))",
            r"content\.taps: there is no tap 'dwn1' in generators\.ab\. Nearest: 'down1",
        ),
        ("terms=dict(content=dict(head='g'))", r"content: there is no head 'g'\. .*There are: f"),
        ("terms=dict(gan=dict(discriminator='c'))", r"top\.py:2: .*terms\.gan: there is no discriminator 'c'"),
        ("terms=dict(gan=dict(image='ba(b)'))", r"terms\.gan: there is no generator or view 'ba' in 'ba\(b\)'"),
        ("terms=dict(gan=dict(weight='x'))", r"terms\.gan\.weight: must be a number or a schedule, not 'x'"),
        ("terms=dict(x=dict(type='PixelTerm'))", r"top\.py:2: .*terms\.x: PixelTerm needs the argument 'image'"),
        ("terms=dict(x=dict(type=['PixelTerm']))", r"terms\.x: a term is written as dict\(type="),
        (
            "terms=dict(content=dict(type='PixelTerm'))",
            r"PixelTerm has no argument 'query'.* write `_delete_=True` besi",
        ),
        ("update=['genrators']", r"generate\.update: there is no network 'genrators'\. Nearest: 'generators"),
        ("optimizer=dict(rl=1)", r"generate\.optimizer\.rl: Adam has no argument 'rl'\. Nearest: 'lr'"),
        ("optimizer=3", r"generate\.optimizer: must be a dict, not 3"),
        (
            "groups=dict(haeds=dict(lr=1))",
            r"groups\.haeds: the phase 'generate' does not update 'haeds'\. Nearest: 'heads'",
        ),
        ("groups=dict(discriminators=dict(lr=1))", r"the phase 'generate' does not update 'discriminators'\."),
        ("groups=dict(heads=dict(rl=1))", r"groups\.heads\.rl: Adam has no argument 'rl'"),
        ("groups=dict(heads=dict(type='SGD'))", r"groups\.heads\.type: the groups of a phase share one type"),
        ("groups=dict(heads=3)", r"groups\.heads: must be a dict, not 3"),
    ],
)
def test_an_error_in_a_phase_is_named(inherit, inside, message):
    with pytest.raises(ConfigError, match=message):
        resolve_config(inherit(PHASE.format(inside)))


def test_groups_of_one_network_and_of_a_kind_are_sound(inherit):
    groups = "groups={'heads': dict(lr=1e-3), 'heads.f': dict(lr=1e-4, betas=(0.9, 0.9))}"
    assert resolve_config(inherit(PHASE.format(groups)), ["model.phases.generate.groups.heads.f.lr=1e-5"])


def test_all_errors_come_together_each_with_the_place_where_it_was_written(tiny, write):
    base = write("base.py", tiny.with_name("base.py").read_text().replace("dim=8", "dmi=8"))
    tiny.write_text(tiny.read_text() + "log = dict(evry=1)\n")
    overrides = ["train.stpes=3", "data.batch_size=0", f"{CONTENT}.loss.tau=-1", "optimizer.lr=-1"]
    with pytest.raises(ConfigError) as caught:
        resolve_config(tiny, overrides)
    text = "\n".join(caught.value.errors)
    head_line = next(index for index, line in enumerate(base.read_text().splitlines(), 1) if "dmi=8" in line)
    for expected in (
        "--set train.stpes=3: train has no 'stpes'. Nearest: 'steps'.",
        "--set data.batch_size=0: must be an integer of at least 1, not 0",
        "tiny.py:9: log.evry: the section 'log' has no 'evry'. Nearest: 'every'.",
        f"base.py:{head_line}: model.heads.f.dmi: MLPHead has no argument 'dmi'. Nearest: 'dim'.",
        f"--set {CONTENT}.loss.tau=-1: {CONTENT}.loss: PatchNCELoss refused its arguments: tau must be",
        "--set optimizer.lr=-1: must be a number of at least 0, not -1",
    ):
        assert expected in text
    assert len(caught.value.errors) == 6
    assert str(caught.value).startswith("6 errors in tiny.py:\n  - ")


def test_a_missing_section_is_named(write):
    with pytest.raises(ConfigError) as caught:
        resolve_config(write("a.py", "seed = 1"))
    assert [error.split(": ")[-1] for error in caught.value.errors] == [
        f"the section {name!r} is missing" for name in ("model", "optimizer", "data", "train")
    ]


def test_a_type_changed_by_an_override_leaves_a_way_out(tiny):
    message = r"schedule\.decay: Constant has no argument 'decay'.*set the complete part, --set schedule='dict\(type="
    with pytest.raises(ConfigError, match=message):
        resolve_config(tiny, ["schedule.type=Constant"])


def test_named_parts_and_phases_that_are_none_are_taken_out(inherit):
    phases = "phases=dict(generate=dict(update=['generators']), discriminate=None)"
    model = resolve_config(inherit(f"model = dict(heads=dict(f=None), {phases})"), [f"{CONTENT}=none"])["model"]
    assert model["heads"] == {}
    assert list(model["phases"]) == ["generate"]
    assert list(model["phases"]["generate"]["terms"]) == ["gan"]


def test_averages_images_and_outputs_that_are_none_are_taken_out(inherit):
    written = "model = dict(averages=dict(slow=None), images=dict(fake=None), outputs=dict(ab='ab(a)', ba=None))"
    model = resolve_config(inherit(written))["model"]
    assert (model["averages"], model["images"], model["outputs"]) == ({}, {}, {"ab": "ab(a)"})


def test_an_override_takes_out_a_phase_and_an_average(inherit):
    config = inherit("model = dict(averages=dict(slow=dict(of='generators.ab', momentum=0.9)))")
    model = resolve_config(config, ["model.averages.slow=none", "model.phases.discriminate=none"])["model"]
    assert model["averages"] == {}
    assert list(model["phases"]) == ["generate"]


def test_none_stays_where_it_is_a_value(tiny):
    terms = resolve_config(tiny, [f"{CONTENT}.key_head=none"])["model"]["phases"]["generate"]["terms"]
    assert terms["content"]["key_head"] is None


def test_data_sets_are_not_opened_to_be_checked(tiny, tmp_path):
    folders = 'data.train=dict(type="UnpairedFolders", root="not/there")'
    assert resolve_config(tiny, [folders])["data"]["train"]["root"] == "not/there"


def test_networks_are_built_without_their_numbers(tiny):
    model, errors = build_trial_model(load_config(tiny))
    assert errors == []
    assert {parameter.device.type for parameter in model.parameters()} == {"meta"}


def test_a_part_that_needs_real_numbers_to_be_made_is_built_anyway(tiny):
    @LOSSES.register_module()
    class MeasuredLoss(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.half = torch.full((), 0.5).item()  # the meta device has no numbers to give

        def forward(self, query, key, negatives): ...

    try:
        model, errors = build_trial_model(resolve_config(tiny, [f"{CONTENT}.loss=dict(type=MeasuredLoss)"]))
    finally:
        LOSSES.module_dict.pop("MeasuredLoss")
    assert errors == []
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}


def test_a_generator_of_a_plugin_is_checked_by_its_signature_like_any_other(tiny):
    @GENERATORS.register_module()
    class TwiceGenerator(nn.Module):
        def __init__(self, times: int) -> None:
            super().__init__()

    try:
        config = load_config(tiny, ["model.generators.ab=dict(type=TwiceGenerator, tmies=2)"])
        messages = [error.message for error in find_errors(config)]
    finally:
        GENERATORS.module_dict.pop("TwiceGenerator")
    assert messages == [
        "TwiceGenerator has no argument 'tmies'. Nearest: 'times'.",
        "TwiceGenerator needs the argument 'times'",
    ]


def test_defaults_are_filled_in_and_sections_are_in_their_order(tiny):
    config = resolve_config(tiny)
    assert list(config) == [
        *("model", "optimizer", "schedule", "data", "train"),
        *("log", "samples", "checkpoint", "evaluation", "metrics", "alarms", "seed", "hooks"),
    ]
    assert config["log"] == {"every": 50}
    assert config["samples"] == {"every": 500, "count": 8, "gallery": 100, "show": []}
    assert config["checkpoint"] == {"every": 1000, "keep": 3}
    assert {key: config["data"][key] for key in ("batch_size", "workers")} == {"batch_size": 1, "workers": 2}
    assert "load_size" not in config["data"]


def test_common_sizes_reach_every_part_of_the_data_that_takes_them_and_sets_none():
    data = {
        "load_size": 20,
        "crop_size": 16,
        "train": {"type": "Stripes", "transform": {"type": "ResizeCropFlip", "crop_size": 8}},
    }
    assert dataset_config(data, "train") == {
        "type": "Stripes",
        "load_size": 20,
        "transform": {"type": "ResizeCropFlip", "load_size": 20, "crop_size": 8},
    }


def test_data_option_sets_the_folder_and_replaces_what_has_none(tiny):
    data = resolve_config(tiny, ["data.load_size=20"], data="my/photos")["data"]
    assert data["train"] == {
        "type": "UnpairedFolders",
        "root": "my/photos",
        "split": "train",
        "pairing": "random",
        "transform": {"type": "ResizeCropFlip"},
    }
    assert data["test"]["pairing"] == "serial"
    moved = read_from({"data": data, "metrics": {"x": 1}}, "elsewhere")
    assert moved == {"data": {key: _at(value, "elsewhere") for key, value in data.items()}, "metrics": {"x": 1}}


def test_two_folders_of_any_names_are_the_domains_of_training_and_test(tiny):
    data = resolve_config(tiny, ["data.load_size=20"], data={"a": "day", "b": Path("night")})["data"]
    for split in ("train", "test"):
        found = {key: data[split][key] for key in ("type", "root", "a", "b")}
        assert found == {"type": "UnpairedFolders", "root": ".", "a": "day", "b": "night"}
    own = ["data.load_size=20", "data.test.a=night/late"]
    data = resolve_config(tiny, own, data={"root": "my/photos", "b": "night"})["data"]
    assert (data["train"]["root"], data["train"].get("a"), data["train"]["b"]) == ("my/photos", None, "night")
    assert data["test"]["a"] == "night/late"


def _at(value, root):
    return {**value, "root": root} if isinstance(value, dict) else value


def test_data_option_leaves_out_metrics_that_were_chosen_for_the_data_it_replaces(tiny):
    masked = tiny.read_text() + "metrics = dict(background=dict(type='BackgroundPSNR'))\n"
    tiny.write_text(masked)
    options = ["data.load_size=20"]
    assert resolve_config(tiny, options)["metrics"]
    metrics = resolve_config(tiny, options, data="my/photos")["metrics"]
    assert [part["type"] for part in metrics.values()] == ["SlicedWasserstein", "ContentPreservation", "Diversity"]
    chosen = ["metrics=dict(swd=dict(type=SlicedWasserstein))"]
    assert list(resolve_config(tiny, options + chosen, data="my/photos")["metrics"]) == ["swd"]


def test_data_option_leaves_an_unknown_data_set_for_validation_to_name(tiny):
    with pytest.raises(ConfigError, match=r"no dataset is called 'Strips'"):
        resolve_config(tiny, ["data.train.type=Strips"], data="my/photos")
