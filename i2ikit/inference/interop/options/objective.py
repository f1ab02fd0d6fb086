"""Published options as the config of a method: its networks, terms and optimizers."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from i2ikit.build import Builder
from i2ikit.config import load_config
from i2ikit.errors import ConfigError
from i2ikit.inference.interop.options.networks import SOURCE, Config, Options, discriminator, generator, head
from i2ikit.inference.interop.taps import published_taps
from i2ikit.plugin import get_manager
from i2ikit.registry import GENERATORS

METHODS = {"cycle_gan": "cyclegan", "dcl": "dclgan"}  # model of the published code -> config; others have one name
GAN_LOSSES = {
    "lsgan": "LSGANLoss",
    "vanilla": "VanillaGANLoss",
    "nonsaturating": "NonSaturatingLoss",
    "hinge": "ClippedHingeLoss",
    "wgangp": "WGANLoss",
}
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
    on = [f"--{name} {options[name]} has no counterpart" for name in names if options.get(name)]
    if on:
        raise ConfigError(SOURCE, on)


def adam(config: Config, options: Options) -> None:
    """Set learning rate and betas of all phases: in the phases that have their own, and once for the others."""
    values = {"lr": options["lr"], "betas": [options["beta1"], options["beta2"]]}
    phases = config["model"]["phases"].values()
    own = [phase["optimizer"] for phase in phases if phase.get("optimizer")]
    for optimizer in own if len(own) == len(phases) else [config["optimizer"]]:
        optimizer.update(values)
    if len(own) < len(phases):
        for optimizer in own:
            optimizer.clear()


def terms_of(model: Config, *kinds: str) -> Iterator[Config]:
    """Yield the configs of all terms of these types."""
    for phase in model["phases"].values():
        yield from (term for term in phase["terms"].values() if term["type"] in kinds)


def _set_networks(model: Config, options: Options) -> None:
    model["generators"] = {name: generator(options, back=name == "ba") for name in model["generators"]}
    model["discriminators"] = {name: discriminator(options, back=name == "a") for name in model["discriminators"]}
    if "heads" in model:
        model["heads"] = {name: head(config, options) for name, config in model["heads"].items()}


# terms ----------------------------------------------------------------------------------------------------------------


def set_losses(model: Config, options: Options) -> None:
    """Set the adversarial loss of all terms."""
    mode = options["gan_mode"]
    if mode not in GAN_LOSSES:
        raise ConfigError(SOURCE, [f"--gan_mode {mode} has no counterpart"])
    for term in terms_of(model, "AdversarialTerm", "DiscriminatorTerm"):
        term["loss"] = {"type": GAN_LOSSES[mode]}


def _set_patches(model: Config, options: Options) -> None:
    if not model.get("heads"):
        return
    taps = _taps(model, options)
    for each in model["heads"].values():
        each["taps"] = [tap if isinstance(tap, str) else tap[0] for tap in taps]
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
    numbers = _numbers(options["nce_layers"])
    paired = any(not isinstance(tap, str) for term in terms_of(model, "PatchTerm") for tap in term["taps"])
    builder = Builder()
    with torch.device("meta"):
        network: Any = builder.part(GENERATORS, next(iter(model["generators"].values())), "the generator")
    builder.raise_errors(SOURCE)
    try:
        taps = published_taps(network, numbers, encode_only=not paired)
    except ConfigError as error:
        raise ConfigError(SOURCE, [f"--nce_layers {options['nce_layers']}: {each}" for each in error.errors]) from None
    half = len(taps) // 2
    return [[key, query] for key, query in zip(taps[:half], reversed(taps), strict=False)] if paired else taps


def _numbers(text: str) -> list[int]:
    """Return the numbers of layers in an option."""
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise ConfigError(SOURCE, [f"--nce_layers {text}: must be numbers of layers, such as 0,4,8"]) from None


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
        _weigh(terms["color"], options["lambda_identity"])
    for term in terms_of(model, "GradientPenaltyTerm"):
        _weigh(term, options["lambda_R1"])


def _weigh(term: Config, weight: float) -> None:
    """Set the weight of a term; it is 1 where a config says nothing."""
    if weight != term.get("weight", 1.0):
        term["weight"] = weight


def _weigh_cycles(terms: Config, options: Options) -> None:
    for domain in ("a", "b"):
        weight = options[f"lambda_{domain.upper()}"]
        terms[f"cycle_{domain}"]["weight"] = weight
        terms[f"identity_{domain}"]["weight"] = weight * options["lambda_identity"]


def _weigh_two_sides(terms: Config, options: Options) -> None:
    if not options["nce_idt"] and options["lambda_NCE"] > 0:
        why = "the program stops with an error, as it compares identity images that it does not make"
        raise ConfigError(SOURCE, [f"--nce_idt False: {why}; without identity terms it trains with --lambda_IDT 0"])
    for side, domain in (("ab", "a"), ("ba", "b")):
        terms[f"gan_{side}"]["weight"] = 0.5 * options["lambda_GAN"]
        terms[f"content_{side}"]["weight"] = 0.5 * options["lambda_NCE"]
        terms[f"identity_{domain}"]["weight"] = 0.5 * options["lambda_IDT"] if options["lambda_NCE"] > 0 else 0.0


def _weigh_with_identity_image(terms: Config, options: Options) -> None:
    _weigh(terms["gan"], options["lambda_GAN"])
    content, identity = options["lambda_NCE"], options["lambda_IDT"]
    constant, epochs = options["n_epochs"], options["n_epochs"] + options["n_epochs_decay"]
    last = options["stop_idt_epochs"] if options["stop_idt_epochs"] >= 0 else constant
    if not options["nce_idt"] or content == 0:
        last = 0
    terms["content"]["weight"] = {"type": "Until", "epoch": last, "value": 0.5 * content, "then": content}
    terms["identity"]["weight"] = {"type": "Until", "epoch": last, "value": 0.5 * identity, "then": 0.0}
    if last == 0:
        terms["content"]["weight"] = content
        del terms["identity"]
        return
    if options.get("decay_idt"):
        _decay_identity(terms, 0.5 * identity, min(last, epochs), epochs)


def _decay_identity(terms: Config, weight: float, last: int, epochs: int) -> None:
    """Let the weight of the term identity be ``weight * (epochs - e) / epochs`` in epoch e, and 0 after ``last``.

    No schedule falls and then jumps to 0. So the term has the weight of epoch ``last`` in all epochs until then; what
    earlier ones have above it is the weight of a second term, which falls to 0.
    """
    rest = weight * (epochs - last) / epochs
    falling = {"type": "Linear", "start": weight * (last - 1) / epochs, "end": 0.0, "first": 1, "last": last}
    if rest and last > 1:
        terms["identity_decay"] = {**copy.deepcopy(terms["identity"]), "weight": falling}
    constant = {"type": "Until", "epoch": last, "value": rest, "then": 0.0}
    terms["identity"]["weight"] = constant if rest or last == 1 else falling


def _weigh_with_identity_patches(terms: Config, options: Options) -> None:
    _weigh(terms["gan"], options["lambda_GAN"])
    weight = options["lambda_NCE"]
    terms["content"]["weight"] = weight
    terms.pop("identity", None)
    if options["nce_idt"] and weight > 0:
        terms["content"]["weight"] = 0.5 * weight
        terms["identity"] = copy.deepcopy(terms["content"])
        terms["identity"].update(query=["ab", "ab(b)"], key=["ab", "b"])


def _set_views(model: Config, options: Options) -> None:
    views = model.get("views", {})
    if "pool" in views:
        views["pool"]["size"] = max(options["pool_size"], 1)
        if not options["pool_size"]:
            _rename(model, {"pool(ab(a))": "ab(a)", "pool(ba(b))": "ba(b)"})
    elif options["model"] in ("enco", "dcl") and options["pool_size"]:
        model["views"] = {**views, "pool": {"type": "ImagePool", "size": options["pool_size"]}}
        for term in terms_of(model, "DiscriminatorTerm"):
            term["fake"] = f"pool({term['fake']})"
    if options["model"] == "dcl" or any(term["query"] == term["key"] for term in terms_of(model, "PatchTerm")):
        return  # DCLGAN does not mirror; one pass for both sides: the published mirrors are those of the data
    _rename(model, {"ab(mirror(a))": "ab(a)", "ab(mirror(b))": "ab(b)"})
    if options.get("flip_equivariance"):
        model["views"] = {**views, "mirror": {"type": "Mirror"}}
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
    if "lr_G" not in options:
        adam(config, options)
        return
    config["optimizer"].update(lr=options["lr_D"], betas=[options["beta1"], options["beta2"]])
    generate = config["model"]["phases"]["generate"]
    generate["optimizer"] = {"lr": options["lr_G"]}
    if options["lr_F"] != options["lr_G"]:
        generate["groups"] = {"heads": {"lr": options["lr_F"]}}
