"""Recipes: found by name, read after a config, and what they ask about it."""

import re

import pytest

from i2ikit.config.find import find_config
from i2ikit.config.recipes import averages_of, find_recipe, packaged_recipes, phase_of, translators
from i2ikit.config.resolve import config_origin, load_config, resolve_config
from i2ikit.errors import ConfigError, I2IKitError

MASKABLE = ["enco/stripes", "cyclegan/stripes", "negcut/stripes"]


def test_a_recipe_is_found_by_its_name_and_by_its_path(write):
    assert find_recipe("masked") == packaged_recipes()["masked"]
    assert find_recipe(write("mine.py", "seed = 1")).name == "mine.py"


def test_an_unknown_recipe_is_an_error_with_the_nearest_name(write):
    path = write("mine.py", "seed = 1")
    with pytest.raises(I2IKitError, match=r"--recipe maskd: there is no such recipe\. Nearest: 'masked'\. There are: "):
        find_recipe("maskd")
    with pytest.raises(I2IKitError, match=r"there is no such file\. Nearest: 'mine\.py'\."):
        find_recipe(path.parent / "mne.py")
    with pytest.raises(I2IKitError, match=r"there is no such file\. The packaged recipe is --recipe masked\."):
        find_recipe("masked.py")
    with pytest.raises(I2IKitError, match=r"notes\.txt: a recipe is a config, .* ends in \.py"):
        find_recipe(write("notes.txt", "seed = 1"))


@pytest.mark.parametrize("name", MASKABLE)
def test_the_packaged_recipes_suit_every_method(name):
    plain = load_config(find_config(name))["model"]
    model = resolve_config(find_config(name), recipes=["masked", "small_data"])["model"]
    outputs = [each for each in plain["generators"] if each in ("ab", "ba")]
    terms = model["phases"]["generate"]["terms"]
    assert {f"area_{each}": f"{each}({each[0]}).mask" for each in outputs}.items() <= {
        term: config.get("image") for term, config in terms.items()
    }.items()
    assert not [name for phase in model["phases"].values() for name in phase["terms"] if "identity" in name]
    assert all(model["generators"][each]["mask"] for each in outputs)
    assert not any(model["generators"][each]["input_skip"] for each in outputs)
    assert all(part["augment"]["type"] == "DiffAugment" for part in model["discriminators"].values())
    assert {f"generators.{each}" for each in outputs} <= {average["of"] for average in model["averages"].values()}


@pytest.mark.parametrize(
    ("image", "weight", "expected"),
    [
        ("ba(ab(a))", 10.0, 1.0),
        ("ba(noise(ab(a)))", 10.0, 1.0),
        ("ba(b)", 10.0, 10.0),
        ("ab(b)", 10.0, 10.0),
        (
            "ba(ab(a))",
            {"type": "Until", "epoch": 9, "value": 3.0, "_delete_": True},
            {"type": "Until", "epoch": 9, "value": 3.0},
        ),
    ],
)
def test_masked_makes_terms_on_images_that_return_lighter(image, weight, expected, write):
    plain = write(
        "mine.py",
        '_base_ = "i2ikit::cyclegan/stripes.py"\n'
        f"model = dict(phases=dict(generate=dict(terms=dict(cycle_a=dict(image={image!r}, weight={weight!r})))))",
    )
    terms = load_config(plain, recipes=["masked"])["model"]["phases"]["generate"]["terms"]
    assert terms["cycle_a"]["weight"] == expected
    assert terms["gan_ab"].get("weight") is None


@pytest.mark.parametrize(
    ("name", "stages", "layers", "warmup"),
    [
        ("cut/stripes", [[2, 0.5]], 2, 0.02),
        ("cyclegan/horse2zebra", [[4, 0.2], [2, 0.5]], None, 4),
        ("enco/horse2zebra", [[4, 0.2], [2, 0.5]], None, 20),  # its own warm-up
        ("sincut/single_image_monet_etretat", [], None, 1),  # networks for one size
    ],
)
def test_fast_fits_sizes_discriminator_and_warm_up_to_the_config(name, stages, layers, warmup):
    config = load_config(find_config(name), recipes=["fast"])
    plain = load_config(find_config(name))
    assert config["data"]["progressive"] == stages
    assert config["model"]["discriminators"]["b"].get("layers") == layers
    assert config["schedule"]["warmup"] == warmup
    assert config["schedule"].get("constant") == plain["schedule"].get("constant")
    assert config["model"]["averages"]


def test_fast_takes_bf16_where_the_machine_gains_from_it(monkeypatch):
    for gains, precision in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr("i2ikit.environment.gains_from_bf16", lambda gains=gains: gains)
        assert load_config(find_config("cut/stripes"), recipes=["fast"])["train"]["precision"] == precision


def test_a_recipe_that_a_generator_does_not_suit_names_it_and_those_that_it_suits():
    message = r"_base_/recipes/masked\.py:\n  - line \d+: generators\.ab is StyleGAN2Generator, which has no argument "
    with pytest.raises(ConfigError, match=message + r"'mask'; the generators that have it: ResNetGenerator\."):
        load_config(find_config("sincut/single_image_monet_etretat"), recipes=["masked"])


def test_a_recipe_may_be_the_last_base_of_a_config(write):
    names = '"i2ikit::cut/stripes.py", "i2ikit::_base_/recipes/masked.py"'
    listed = load_config(write("mine.py", f"_base_ = [{names}]"))
    assert listed == load_config(find_config("cut/stripes"), recipes=["masked"])


def test_a_recipe_that_a_config_inherits_already_is_refused():
    message = r"--recipe: .*stripes\.py brings .*masked\.py already; leave masked out of --recipe"
    with pytest.raises(ConfigError, match=message):
        load_config(find_config("enco_masked/stripes"), recipes=["small_data", "masked"])


def test_recipes_change_the_config_in_their_order_before_the_overrides(write):
    config = write("config.py", "seed = 1\ntrain = dict(epochs=4)")
    double = write("double.py", "seed = 2 * _base_.seed")
    more = write("more.py", "seed = _base_.seed + 1\ntrain = dict(steps=10)")
    assert load_config(config, recipes=[double, more])["seed"] == 3
    assert load_config(config, recipes=[more, double])["seed"] == 4
    assert load_config(config, ["seed=7"], recipes=[double])["seed"] == 7
    assert "epochs" not in load_config(config, recipes=[more])["train"]


def test_a_recipe_replaces_a_part_with_delete(write):
    config = write("config.py", "schedule = dict(type='LinearDecay', constant=1, decay=1)")
    recipe = write("recipe.py", "schedule = dict(_delete_=True, type='Constant')")
    assert load_config(config, recipes=[recipe])["schedule"] == {"type": "Constant"}


def test_a_run_is_named_after_its_config_and_its_recipes():
    found = config_origin(find_config("cut/stripes"), ["masked", "mine.py"])
    assert found == {"config": "cut/stripes with masked, mine.py", "method": "cut"}


def test_an_error_that_a_recipe_causes_names_its_file_and_line(write):
    recipe = write("mine.py", "X = 1\nmodel = dict(generators=dict(ab=dict(blcks=3)))")
    with pytest.raises(ConfigError, match=r"stripes\.py:\n  - .*mine\.py:2: model\.generators\.ab.* 'blcks'"):
        resolve_config(find_config("cut/stripes"), recipes=[recipe])
    with pytest.raises(ConfigError, match=r"mine\.py:\n  - line 1: AttributeError: no base sets 'sed'"):
        load_config(find_config("cut/stripes"), recipes=[write("mine.py", "seed = _base_.sed")])


def test_generators_of_an_output_are_found_through_its_expression_and_its_named_images():
    model = {
        "generators": {"enc": {}, "dec": {}, "other": {}},
        "outputs": {"ab": "far"},
        "images": {"far": "dec(enc(a))"},
    }
    assert translators(model) == ["enc", "dec"]
    assert list(averages_of({**model, "averages": {"x": {"of": "generators.enc"}}}, 0.9)) == ["dec_mean"]
    with pytest.raises(I2IKitError, match=re.escape("none of the generators (f) makes an output")):
        translators({"generators": {"f": {}}})


def test_the_phase_that_updates_a_network_is_found_by_kind_and_by_name():
    phases = {"one": {"update": ["discriminators"]}, "gone": None, "two": {"update": ["generators.ab", "f"]}}
    assert phase_of({"phases": phases}, "discriminators.b") == "one"
    assert phase_of({"phases": phases}, "generators.ab") == phase_of({"phases": phases}, "heads.f") == "two"
    with pytest.raises(I2IKitError, match=r"no phase updates generators\.ba"):
        phase_of({"phases": phases}, "generators.ba")
