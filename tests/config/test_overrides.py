"""`--set key.path=value`: what it can set, and its errors."""

import pytest

from i2ikit.config import load_config
from i2ikit.config.key_paths import lookup, split
from i2ikit.errors import ConfigError

CONTENT = "model.phases.generate.terms.content"
# what `train` has besides its length
HOW = {"precision": "fp32", "accumulate": 1, "checkpoint_activations": False}
HOW |= {"plain": False, "compile": False, "cuda_graph": False}


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        (f"{CONTENT}.weight=2", f"{CONTENT}.weight", 2),
        (f"{CONTENT}.weight=dict(type=Until, epoch=3, value=1.0, then=2.0)", f"{CONTENT}.weight.type", "Until"),
        (f"{CONTENT}.loss.tau=0.1", f"{CONTENT}.loss.tau", 0.1),
        (f"{CONTENT}.taps.1=down2", f"{CONTENT}.taps", ["stem", "down2"]),
        (f"{CONTENT}.taps[1]=down2", f"{CONTENT}.taps", ["stem", "down2"]),
        (f"{CONTENT}.taps=[pad]", f"{CONTENT}.taps", ["pad"]),
        (f"{CONTENT}.detach=[features]", f"{CONTENT}.detach", ["features"]),
        (f'{CONTENT}.loss=dict(type="CosineLoss")', f"{CONTENT}.loss", {"type": "CosineLoss"}),
        ("model.generators.ab.blocks=4", "model.generators.ab.blocks", 4),
        ("model.generators.ab.dropout=true", "model.generators.ab.dropout", True),
        ("model.heads.f.taps=[stem]", "model.heads.f.taps", ["stem"]),
        ("model.views=dict(mirror=dict(type=Mirror))", "model.views.mirror.type", "Mirror"),
        ("model.generators.ba=dict(type=ResNetGenerator)", "model.generators.ba.type", "ResNetGenerator"),
        ("model.phases.generate.terms.x=dict(type=PixelTerm)", "model.phases.generate.terms.x.type", "PixelTerm"),
        ("model.outputs.ab='ab(a)'", "model.outputs", {"ab": "ab(a)"}),
        ("model.images.fake='ab(a)'", "model.images", {"fake": "ab(a)"}),
        ("model.averages.slow={of: generators.ab}", "model.averages", {"slow": {"of": "generators.ab"}}),
        ("model.phases.generate.optimizer.lr=5e-5", "model.phases.generate.optimizer", {"lr": 5e-5}),
        ("model.phases.generate.groups.heads.lr=1", "model.phases.generate.groups", {"heads": {"lr": 1}}),
        ("optimizer.lr=5e-5", "optimizer.lr", 5e-5),
        ("optimizer.betas.0=0", "optimizer.betas", [0, 0.999]),
        ("optimizer.weight_decay=0.1", "optimizer.weight_decay", 0.1),
        ("optimizer=dict(type=SGD, lr=1)", "optimizer", {"type": "SGD", "lr": 1}),
        ("schedule.warmup=1", "schedule.warmup", 1),
        ("schedule=none", "schedule", None),
        ("data.batch_size=2", "data.batch_size", 2),
        ("data.load_size=20", "data.load_size", 20),
        ("data.train.seed=7", "data.train.seed", 7),
        ("data.train.transform=dict(type=Resize)", "data.train.transform", {"type": "Resize"}),
        ("train.epochs=9", "train", {**HOW, "epochs": 9}),
        ("train.steps=300", "train", {**HOW, "steps": 300}),
        ("log.every=7", "log.every", 7),
        ("metrics.swd=dict(type=SlicedWasserstein)", "metrics", {"swd": {"type": "SlicedWasserstein"}}),
        ("seed=3", "seed", 3),
        ("hooks=[dict(type=EMAHook)]", "hooks.0.type", "EMAHook"),
    ],
)
def test_an_override_sets_what_the_config_has_or_the_part_takes(tiny, override, path, value):
    assert lookup(load_config(tiny, [override]), split(path)) == value


def test_of_steps_and_epochs_the_later_override_wins(tiny):
    assert load_config(tiny, ["train.steps=300", "train.epochs=2"])["train"] == {**HOW, "epochs": 2}
    assert load_config(tiny, ["train.epochs=2", "train.steps=300"])["train"] == {**HOW, "steps": 300}


def test_a_later_override_builds_on_an_earlier_one(tiny):
    config = load_config(tiny, ["model.generators.ba=dict(type=ResNetGenerator)", "model.generators.ba.blocks=2"])
    assert config["model"]["generators"]["ba"] == {"type": "ResNetGenerator", "blocks": 2}


def test_an_average_is_added_and_changed_key_by_key(tiny):
    added = "model.averages=dict(f_slow=dict(of='heads.f'))"
    config = load_config(tiny, [added, "model.averages.f_slow.init=own", "model.averages.f_slow.momentum=0.9"])
    assert config["model"]["averages"] == {"f_slow": {"of": "heads.f", "init": "own", "momentum": 0.9}}
    with pytest.raises(ConfigError, match=r"model\.averages\.f_slow has no 'momentm'\. Nearest: 'momentum'"):
        load_config(tiny, [added, "model.averages.f_slow.momentm=0.9"])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("modle.x=1", r"--set modle\.x=1: a config has no 'modle'\. Nearest: 'model'"),
        ("modle=1", r"--set modle=1: a config has no 'modle'\. Nearest: 'model'"),
        ("optimizer.rl=1", r"optimizer has no 'rl'\. Nearest: 'lr'"),
        ("optimizer.params=1", r"optimizer has no 'params'"),
        ("train.stpes=1", r"train has no 'stpes'\. Nearest: 'steps'"),
        ("data.batchsize=1", r"data has no 'batchsize'\. Nearest: 'batch_size'"),
        ("data.train.cuont=1", r"data\.train has no 'cuont'\. Nearest: 'count'"),
        ("model.generators.ab.bloks=1", r"model\.generators\.ab has no 'bloks'\. Nearest: 'blocks'"),
        ("model.heads.f.widths=[1]", r"model\.heads\.f has no 'widths'"),
        ("model.generators.ba.blocks=1", r"model\.generators has no 'ba'\. Nearest: 'ab'"),
        ("model.phases.genrate.terms.x=1", r"model\.phases has no 'genrate'\. Nearest: 'generate'"),
        ("model.phases.generate.wieght=1", r"model\.phases\.generate has no 'wieght'\. Known here: before, groups"),
        ("model.phases.generate.terms.contnt.weight=2", r"terms has no 'contnt'\. Nearest: 'content'"),
        ("model.phases.generate.terms.contnt=2", r"terms has no 'contnt'\. Nearest: 'content'"),
        (f"{CONTENT}.wieght=2", r"content has no 'wieght'\. Nearest: 'weight'"),
        (f"{CONTENT}.taps.2=up1", r"taps is a list of 2: an index of it is 0 to 1, not '2'"),
        (f"{CONTENT}.taps.x=up1", r"taps is a list of 2: an index of it is 0 to 1, not 'x'"),
        (f"{CONTENT}.head.dim=3", r"head is 'f', which has no key 'dim'"),
        (
            "model.generators=3",
            r"--set model\.generators=3: model\.generators holds ab: set one of these instead",
        ),
        ("train.steps", r"--set train\.steps: must be written key\.path=value"),
        ("train.steps=", r"must be written key\.path=value"),
        ("train..steps=3", r"must be written key\.path=value"),
        ("=3", r"must be written key\.path=value"),
    ],
)
def test_a_mistyped_override_is_an_error_with_the_nearest_key(tiny, override, message):
    with pytest.raises(ConfigError, match=message):
        load_config(tiny, [override])


def test_all_mistyped_overrides_are_shown_together_and_nothing_is_added(tiny):
    with pytest.raises(ConfigError) as caught:
        load_config(tiny, ["modle.x=1", "seed=3", "train.stpes=1"])
    assert [error.split(":")[0] for error in caught.value.errors] == ["--set modle.x=1", "--set train.stpes=1"]
