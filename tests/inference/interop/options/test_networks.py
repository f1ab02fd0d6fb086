"""Networks of published options."""

import pytest

from i2ikit.build import Builder
from i2ikit.errors import ConfigError
from i2ikit.inference.interop.options.networks import discriminator, generator, head
from i2ikit.published_options import DISCRIMINATORS, GENERATORS, defaults
from i2ikit.registry import DISCRIMINATORS as DISCRIMINATOR_PARTS
from i2ikit.registry import GENERATORS as GENERATOR_PARTS

SMALL = {"ngf": 4, "ndf": 4, "crop_size": 32, "load_size": 32, "input_nc": 1, "output_nc": 3, "model": "cut"}
OPTIONS = defaults("cut") | SMALL


@pytest.mark.parametrize("kind", [kind for kind in GENERATORS if kind != "resnet_cat"])
def test_every_published_generator_is_built(kind):
    config = generator(OPTIONS | {"netG": kind})
    assert (config["in_channels"], config["out_channels"], config["filters"]) == (1, 3, 4)
    if kind != "unet_256":  # its size, not its kind, makes it slow
        Builder().part(GENERATOR_PARTS, config, "generator")


@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_every_published_discriminator_is_built(kind):
    config = discriminator(OPTIONS | {"netD": kind})
    assert config["in_channels"] == 3
    Builder().part(DISCRIMINATOR_PARTS, config, "discriminator")


def test_networks_of_the_other_direction_have_the_channels_of_the_other_domain():
    config = generator(OPTIONS, back=True)
    assert (config["in_channels"], config["out_channels"]) == (3, 1)
    assert discriminator(OPTIONS, back=True)["in_channels"] == 1


def test_a_head_changes_to_what_netf_says_and_is_refused_where_nothing_does_it():
    mlp = {"type": "MLPHead", "of": "ab", "taps": ["stem"]}
    assert head(mlp, OPTIONS | {"netF_nc": 9})["dim"] == 9
    assert head(mlp, OPTIONS | {"netF": "sample"}) == {"type": "IdentityHead", "of": "ab", "taps": ["stem"]}
    with pytest.raises(ConfigError, match="--netF reshape has no counterpart for --model cut"):
        head(mlp, OPTIONS | {"netF": "reshape"})


@pytest.mark.parametrize(("make", "name"), [(generator, "netG"), (discriminator, "netD")])
def test_an_unknown_network_is_named(make, name):
    with pytest.raises(ConfigError, match=f"--{name} odd has no counterpart"):
        make(OPTIONS | {name: "odd"})
