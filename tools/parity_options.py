"""The options of the published code as configs of i2ikit."""

import copy
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from i2ikit.build import Builder
from i2ikit.config import load_config
from i2ikit.errors import ConfigError
from i2ikit.inference.interop import published_taps
from i2ikit.plugin import get_manager
from i2ikit.registry import GENERATORS

Options = Mapping[str, Any]
Config = dict[str, Any]

METHODS = {"cycle_gan": "cyclegan", "dcl": "dclgan"}  # model of the published code -> config; others have one name
GAN_LOSSES = {
    "lsgan": "LSGANLoss",
    "vanilla": "VanillaGANLoss",
    "nonsaturating": "NonSaturatingLoss",
    "hinge": "ClippedHingeLoss",
    "wgangp": "WGANLoss",
}
PROJECTION_NORMS = {"BN": "batch", "LN": "layer"}
EVERYWHERE = 2**30  # positions; more than any feature map has


def method_file(options: Options) -> Path:
    """Return the config of the method that a case ran.

    For the published model ``M`` with its option ``M_mode`` set to ``V`` that is the first of ``M_V``, ``V`` and ``M``,
    in lower case, that exists in ``_base_/methods`` of a config folder: i2ikit's or a plugin's.

    Raises:
        ConfigError: there is none.
    """
    model = options["model"]
    mode = options.get(f"{model.upper()}_mode", model)
    names = [f"{model}_{mode}".lower(), mode.lower(), METHODS.get(model, model)]
    for name in names:
        for folder in get_manager().config_folders():
            path = folder / "_base_" / "methods" / f"{name}.py"
            if path.is_file():
                return path
    raise ConfigError(f"model {model!r}", [f"no folder of configs has _base_/methods/ with one of {', '.join(names)}"])


def method_config(options: Options) -> Config:
    """Return the config of a case: its method's, changed by the published options."""
    config = load_config(method_file(options))
    config.setdefault("optimizer", {"type": "Adam"})
    model = config["model"]
    _set_networks(model, options)
    set_losses(model, options)
    _set_patches(model, options)
    _set_weights(model, options)
    _set_views(model, options)
    _set_optimizers(config, options)
    return config


def method_base(name: str) -> Config:
    """Return the config ``_base_/methods/NAME`` of i2ikit or a plugin.

    Raises:
        ConfigError: there is none.
    """
    config = load_config(method_file({"model": name}))
    config.setdefault("optimizer", {"type": "Adam"}).setdefault("type", "Adam")
    return config


def only_default(options: Options, names: Iterable[str]) -> None:
    """Require that options are off which nothing here implements.

    Raises:
        ConfigError: one is on.
    """
    on = [f"{name}={options[name]!r} has no counterpart" for name in names if options.get(name)]
    if on:
        raise ConfigError("the options", on)


def adam(config: Config, options: Options) -> None:
    """Set learning rate and betas of all phases."""
    config["optimizer"].update(lr=options["lr"], betas=[options["beta1"], options["beta2"]])
    for phase in config["model"]["phases"].values():
        phase["optimizer"] = {}


def terms_of(model: Config, *kinds: str) -> Iterator[Config]:
    """Yield the configs of all terms of these types."""
    for phase in model["phases"].values():
        yield from (term for term in phase["terms"].values() if term["type"] in kinds)


# networks -------------------------------------------------------------------------------------------------------------


def _set_networks(model: Config, options: Options) -> None:
    model["generators"] = {name: generator(options) for name in model["generators"]}
    model["discriminators"] = {name: discriminator(options) for name in model["discriminators"]}
    for head in model.get("heads", {}).values():
        head.update(dim=options["netF_nc"], **initializer(options))
        if head["type"] == "ProjectionPredictionHead":
            head["norm"] = PROJECTION_NORMS.get(options.get("prj_norm", "BN"), "none")


def generator(options: Options) -> Config:
    """Return the config of the generator ``netG``."""
    kind: str = options["netG"]
    channels = {"in_channels": options["input_nc"], "out_channels": options["output_nc"], "filters": options["ngf"]}
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
    raise ConfigError("the options", [f"netG={kind!r} is not known"])


def discriminator(options: Options) -> Config:
    """Return the config of the discriminator ``netD``."""
    kind: str = options["netD"]
    shared = {"in_channels": options["output_nc"], "filters": options["ndf"]}
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
    raise ConfigError("the options", [f"netD={kind!r} is not known"])


def initializer(options: Options) -> Config:
    """Return the arguments of networks that say how they are initialized."""
    return {"init": options["init_type"], "init_gain": options["init_gain"]}


def _side(options: Options) -> int:
    """Return the side in pixels that StyleGAN2's networks are made for."""
    return int(2 ** round(math.log2(min(options["load_size"], options["crop_size"]))))


# terms ----------------------------------------------------------------------------------------------------------------


def set_losses(model: Config, options: Options) -> None:
    """Set the adversarial loss of all terms."""
    mode = options["gan_mode"]
    if mode not in GAN_LOSSES:
        raise ConfigError("the options", [f"gan_mode={mode!r} is not known"])
    for term in terms_of(model, "AdversarialTerm", "DiscriminatorTerm"):
        term["loss"] = {"type": GAN_LOSSES[mode]}


def _set_patches(model: Config, options: Options) -> None:
    if not model.get("heads"):
        return
    taps = _taps(model, options)
    for head in model["heads"].values():
        head["taps"] = [tap if isinstance(tap, str) else tap[0] for tap in taps]
    for term in terms_of(model, "PatchTerm"):
        term["taps"] = taps
        sampler = term["sampler"]
        sampler["num"] = options["num_patches"] or EVERYWHERE
        if sampler["type"] == "DiscriminativeAttentionSampler":
            sampler.update(pool=options["oversample_ratio"], random_fraction=options["random_ratio"])
        if "tau" in term["loss"]:
            term["loss"]["tau"] = options["nce_T"]
        if term.get("negatives", {}).get("type") == "WithinImage" and options.get(
            "nce_includes_all_negatives_from_minibatch"
        ):
            term["negatives"] = {"type": "WholeBatch"}
        if not options.get("stop_gradient", True):
            term["detach"] = []


def _taps(model: Config, options: Options) -> list[Any]:
    """Return the taps of the published layer numbers; pairs where the method reads both ends of one pass."""
    numbers = [int(number) for number in options["nce_layers"].split(",")]
    paired = any(not isinstance(tap, str) for term in terms_of(model, "PatchTerm") for tap in term["taps"])
    with torch.device("meta"):
        generator = Builder().part(GENERATORS, next(iter(model["generators"].values())), "generator")
    taps = published_taps(generator, numbers, encode_only=not paired)
    half = len(taps) // 2
    return [[key, query] for key, query in zip(taps[:half], reversed(taps), strict=False)] if paired else taps


def _set_weights(model: Config, options: Options) -> None:
    terms = model["phases"]["generate"]["terms"]
    if "cycle_a" in terms:
        _weigh_cycles(terms, options)
    elif "gan_ab" in terms:
        _weigh_two_sides(terms, options)
    elif terms.get("identity", {}).get("type") == "PixelTerm":
        _weigh_with_identity_image(terms, options)
    else:
        _weigh_with_identity_patches(terms, options)
    if "color" in terms:
        terms["color"]["weight"] = options["lambda_identity"]
    for term in terms_of(model, "GradientPenaltyTerm"):
        term["weight"] = options["lambda_R1"]


def _weigh_cycles(terms: Config, options: Options) -> None:
    for domain in ("a", "b"):
        weight = options[f"lambda_{domain.upper()}"]
        terms[f"cycle_{domain}"]["weight"] = weight
        terms[f"identity_{domain}"]["weight"] = weight * options["lambda_identity"]


def _weigh_two_sides(terms: Config, options: Options) -> None:
    for side, domain in (("ab", "a"), ("ba", "b")):
        terms[f"gan_{side}"]["weight"] = 0.5 * options["lambda_GAN"]
        terms[f"content_{side}"]["weight"] = 0.5 * options["lambda_NCE"]
        terms[f"identity_{domain}"]["weight"] = 0.5 * options["lambda_IDT"] if options["lambda_NCE"] > 0 else 0.0


def _weigh_with_identity_image(terms: Config, options: Options) -> None:
    terms["gan"]["weight"] = options["lambda_GAN"]
    content, identity = options["lambda_NCE"], options["lambda_IDT"]
    constant, epochs = options["n_epochs"], options["n_epochs"] + options["n_epochs_decay"]
    last = options["stop_idt_epochs"] if options["stop_idt_epochs"] >= 0 else constant
    if not options["nce_idt"] or content == 0:
        last = 0
    terms["content"]["weight"] = {"type": "Until", "epoch": last, "value": 0.5 * content, "then": content}
    terms["identity"]["weight"] = {"type": "Until", "epoch": last, "value": 0.5 * identity, "then": 0.0}
    if options.get("decay_idt") and last:
        start = 0.5 * identity * (epochs - 1) / epochs
        terms["identity"]["weight"] = {"type": "Linear", "start": start, "end": 0.0, "first": 1, "last": epochs}


def _weigh_with_identity_patches(terms: Config, options: Options) -> None:
    terms["gan"]["weight"] = options["lambda_GAN"]
    weight = options["lambda_NCE"]
    terms["content"]["weight"] = weight
    terms.pop("identity", None)
    if options["nce_idt"] and weight > 0:
        terms["content"]["weight"] = 0.5 * weight
        terms["identity"] = copy.deepcopy(terms["content"])
        terms["identity"].update(query=["ab", "ab(b)"], key=["ab", "b"])


def _set_views(model: Config, options: Options) -> None:
    views = model.setdefault("views", {})
    if "pool" in views:
        views["pool"]["size"] = max(options["pool_size"], 1)
        if not options["pool_size"]:
            _rename(model, {"pool(ab(a))": "ab(a)", "pool(ba(b))": "ba(b)"})
    if any(term["query"] == term["key"] for term in terms_of(model, "PatchTerm")):
        return  # one pass for both sides: the published mirrors are those of the data
    _rename(model, {"ab(mirror(a))": "ab(a)", "ab(mirror(b))": "ab(b)"})
    if options.get("flip_equivariance"):
        views["mirror"] = {"type": "Mirror"}
        _rename(model, {"ab(a)": "ab(mirror(a))", "ab(b)": "ab(mirror(b))"})


def _rename(model: Config, images: Mapping[str, str]) -> None:
    """Replace complete image expressions in all terms and samplers."""

    def replaced(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: replaced(item) for key, item in value.items()}
        if isinstance(value, list):
            return [replaced(item) for item in value]
        return images.get(value, value) if isinstance(value, str) else value

    for phase in model["phases"].values():
        phase["terms"] = replaced(phase["terms"])


# optimizers -----------------------------------------------------------------------------------------------------------


def _set_optimizers(config: Config, options: Options) -> None:
    adam(config, options)
    if "lr_G" in options:
        config["model"]["phases"]["discriminate"]["optimizer"] = {"lr": options["lr_D"]}
        config["model"]["phases"]["generate"]["optimizer"] = {"lr": options["lr_G"]}
        config["model"]["phases"]["generate"]["groups"] = {"heads": {"lr": options["lr_F"]}}
