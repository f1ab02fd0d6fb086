"""The config of a small model, changes to it, and what the builder says of them."""

from copy import deepcopy
from typing import Any

from i2ikit.build import Builder
from i2ikit.translation import UnpairedTranslation, build_model

Config = dict[str, Any]
GAN, TERM = "phases/generate/terms/gan", "phases/generate/terms/content"  # paths to its terms


def small_config() -> Config:
    """Return the config of a model: CUT with the smallest networks."""
    lsgan = {"type": "LSGANLoss"}
    return {
        "type": "UnpairedTranslation",
        "generators": {"ab": {"type": "ResNetGenerator", "filters": 2, "blocks": 1}},
        "discriminators": {"b": {"type": "PatchGANDiscriminator", "filters": 2, "layers": 1}},
        "heads": {"f": {"type": "MLPHead", "of": "ab", "taps": ["stem", "down1"], "dim": 4}},
        "views": {"mirror": {"type": "Mirror"}, "mix": {"type": "Mix"}},
        "phases": {
            "discriminate": {
                "update": ["discriminators"],
                "terms": {
                    "d": {
                        "type": "DiscriminatorTerm",
                        "discriminator": "b",
                        "real": "b",
                        "fake": "ab(a)",
                        "loss": lsgan,
                    }
                },
            },
            "generate": {
                "update": ["generators", "heads.f"],
                "optimizer": {"lr": 1e-4},
                "groups": {"heads": {"lr": 1e-3}},
                "terms": {
                    "gan": {"type": "AdversarialTerm", "discriminator": "b", "image": "ab(mirror(a))", "loss": lsgan},
                    "content": {
                        "type": "PatchTerm",
                        "query": ["ab", "ab(a)"],
                        "key": ["ab", "a"],
                        "taps": ["stem", "down1"],
                        "head": "f",
                        "loss": {"type": "PatchNCELoss"},
                        "sampler": {"type": "RandomSampler", "num": 4},
                        "weight": {"type": "Until", "epoch": 3, "value": 2.0},
                    },
                },
            },
        },
    }


def change(config: Config, path: str, value: Any) -> Config:
    config = deepcopy(config)
    *inside, last = path.split("/")
    section = config
    for key in inside:
        section = section[key]
    section[last] = value
    return config


def errors(config: Config) -> list[str]:
    builder = Builder()
    assert build_model(config, builder) is None
    return [f"{error.path}: {error.message}" for error in builder.errors]


def build(config: Config) -> UnpairedTranslation:
    builder = Builder()
    model = build_model(config, builder)
    assert model is not None, builder.errors
    return model
