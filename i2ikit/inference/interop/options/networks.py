"""The networks of the published options as configs."""

import math
from collections.abc import Mapping
from typing import Any

from i2ikit.errors import ConfigError

Options = Mapping[str, Any]
Config = dict[str, Any]

SOURCE = "the options"  # what errors name as their source
PROJECTION_NORMS = {"BN": "batch", "LN": "layer"}
HEADS = {"sample": "IdentityHead", "mlp_sample": "MLPHead", "mlp_sample_with_DAG": "ProjectionPredictionHead"}


def generator(options: Options, *, back: bool = False) -> Config:
    """Return the config of the generator ``netG``.

    Args:
        options: complete.
        back: whether it translates from domain b to domain a.

    Raises:
        ConfigError: there is no such generator.
    """
    kind: str = options["netG"]
    channels = _channels(options["input_nc"], options["output_nc"], back) | {"filters": options["ngf"]}
    shared = channels | {"norm": options["normG"], "dropout": not options["no_dropout"], **initializer(options)}
    if kind.startswith("resnet_") and kind.endswith("blocks"):
        blocks = int(kind.removeprefix("resnet_").removesuffix("blocks"))
        down, up = not options["no_antialias"], not options["no_antialias_up"]
        return {"type": "ResNetGenerator", **shared, "blocks": blocks, "antialias_down": down, "antialias_up": up}
    if kind.startswith("unet_"):
        return {"type": "UNetGenerator", **shared, "downs": int(math.log2(int(kind.removeprefix("unet_"))))}
    if kind in ("stylegan2", "smallstylegan2"):
        small = kind == "smallstylegan2"
        downs = options["stylegan2_G_num_downsampling"]
        layers = {"size": _side(options), "downs": downs, "blocks": 2 if small else 6, "noise": not small}
        return {"type": "StyleGAN2Generator", **channels, **layers}
    raise ConfigError(SOURCE, [f"--netG {kind} has no counterpart"])


def discriminator(options: Options, *, back: bool = False) -> Config:
    """Return the config of the discriminator ``netD``.

    Args:
        options: complete.
        back: whether it scores images of domain a.

    Raises:
        ConfigError: there is no such discriminator.
    """
    kind: str = options["netD"]
    channels = _channels(options["input_nc"], options["output_nc"], back)["out_channels"]
    shared = {"in_channels": channels, "filters": options["ndf"]}
    made = {**shared, "norm": options["normD"], **initializer(options)}
    if kind in ("basic", "n_layers"):
        layers = 3 if kind == "basic" else options["n_layers_D"]
        return {"type": "PatchGANDiscriminator", **made, "layers": layers, "antialias": not options["no_antialias"]}
    if kind == "pixel":
        return {"type": "PixelDiscriminator", **made}
    if kind == "patch":
        return {"type": "TileDiscriminator", **made, "antialias": not options["no_antialias"]}
    if kind in ("stylegan2", "tilestylegan2"):  # the second one builds the first one
        return {"type": "StyleGAN2Discriminator", **shared, "size": _side(options)}
    raise ConfigError(SOURCE, [f"--netD {kind} has no counterpart"])


def head(config: Config, options: Options) -> Config:
    """Return the config of a head, changed by ``netF`` and its options.

    Raises:
        ConfigError: there is no such head, or the method has another kind.
    """
    kind = HEADS.get(options["netF"])
    if kind != config["type"] and (kind != "IdentityHead" or config["type"] != "MLPHead"):
        raise ConfigError(SOURCE, [f"--netF {options['netF']} has no counterpart for --model {options['model']}"])
    if kind == "IdentityHead":
        return {"type": kind, "of": config["of"], "taps": config["taps"]}
    changed = {**config, "dim": options["netF_nc"], **initializer(options)}
    if kind == "ProjectionPredictionHead":
        changed["norm"] = PROJECTION_NORMS.get(options.get("prj_norm", "BN"), "none")
    return changed


def initializer(options: Options) -> Config:
    """Return the arguments of networks that say how they are initialized."""
    return {"init": options["init_type"], "init_gain": options["init_gain"]}


def _channels(first: int, second: int, back: bool) -> Config:
    return dict(zip(("in_channels", "out_channels"), (second, first) if back else (first, second), strict=True))


def _side(options: Options) -> int:
    """Return the side in pixels that StyleGAN2's networks are made for."""
    return int(2 ** round(math.log2(min(options["load_size"], options["crop_size"]))))
