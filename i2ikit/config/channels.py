"""Channels are set once, with the data; networks follow, and a contradiction is an error that names both keys."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from i2ikit.build import ConfigProblem, class_of, is_part, parameters
from i2ikit.config.data import dataset_config, image_names
from i2ikit.errors import counted
from i2ikit.registry import DATASETS, DISCRIMINATORS, GENERATORS, Registry

if TYPE_CHECKING:
    from i2ikit.translation import UnpairedTranslation

MASK, LABEL = "mask", "label"  # what the names of images of one channel end in; a label holds integer codes
Need = tuple[str, str, Registry, str, str]  # section, name, registry, argument, domain


def follow_data(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config in which the networks have the channels of ``data.channels``.

    A network that sets its own keeps them. Without channels in the data nothing changes.
    """
    data, model = config.get("data"), config.get("model")
    if not isinstance(data, Mapping) or not isinstance(model, Mapping):
        return dict(config)
    channels = _stated(data)
    for section, name, registry, argument, domain in _needs(model) if channels else ():
        network = model[section][name]
        if argument not in network and argument in parameters(registry, network["type"]):
            model = {**model, section: {**model[section], name: {**network, argument: channels[domain]}}}
    return {**config, "model": model}


def channel_errors(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    """Yield the contradictions between the channels of data and networks."""
    data, model = config.get("data"), config.get("model")
    if not isinstance(data, Mapping) or not isinstance(model, Mapping) or not is_part(data.get("train")):
        return
    kind = data["train"]["type"]
    if data.get("channels") is not None and "channels" not in parameters(DATASETS, kind):
        yield ConfigProblem("data.channels", f"the data set {kind} takes no channels; remove data.channels")
        return
    channels = by_domain(_argument(DATASETS, dataset_config(data, "train"), "channels"))
    for section, name, registry, argument, domain in _needs(model) if channels else ():
        found = _argument(registry, model[section][name], argument)
        if isinstance(found, int) and found != channels[domain]:
            path, given = f"model.{section}.{name}.{argument}", counted(channels[domain], "channel")
            yield ConfigProblem(
                path,
                f"is {found}, but data.channels gives images of domain {domain} {given}. "
                f"Set data.channels={found}, or {path}={channels[domain]}.",
            )


def image_channels(config: Mapping[str, Any], model: "UnpairedTranslation") -> dict[str, int]:
    """Return the channels of the domains ``a`` and ``b``: those of the data, else those of the first generator."""
    channels = _stated(config["data"])
    if channels:
        return channels
    name, generator = next(iter(model.generators.items()))
    network: Any = generator
    source = getattr(network, "in_channels", 3)
    target = network.widths(("out",))[0] if hasattr(network, "widths") else source
    return {"a": source, "b": target} if name.startswith("a") else {"a": target, "b": source}


def channels_of_images(config: Mapping[str, Any], model: "UnpairedTranslation") -> dict[str, int]:
    """Return the channels of all real images: those of the domains, and of others by their names.

    A mask or a label has one channel; a name that begins with a domain, such as ``a2``, has those of the domain;
    another has three. A data set whose ``image_names`` is a dict sets the channels of each name.
    """
    channels = image_channels(config, model)
    names = image_names(config.get("data"))
    declared = getattr(class_of(DATASETS, config["data"]["train"].get("type")), "image_names", None)
    for name in names:
        single = name.endswith((MASK, LABEL))
        channels.setdefault(name, 1 if single else channels.get(name[0], 3))
    return channels | (dict(declared) if isinstance(declared, Mapping) else {})


def _stated(data: Mapping[str, Any]) -> dict[str, int]:
    """Return the channels that a config sets for a data set which takes them; empty if it does not."""
    train = data["train"] if is_part(data.get("train")) else {}
    if "channels" not in parameters(DATASETS, train.get("type")):
        return {}
    return by_domain(train.get("channels") if data.get("channels") is None else data["channels"])


def by_domain(channels: Any) -> dict[str, int]:
    """Return the channels of the domains a and b; empty without a valid value."""
    if isinstance(channels, Mapping) and set(channels) == {"a", "b"}:
        return dict(channels)
    return {"a": channels, "b": channels} if isinstance(channels, int) else {}


def _needs(model: Mapping[str, Any]) -> Iterator[Need]:
    """Yield each argument of a network that must equal the channels of a domain, which the network's name shows."""
    for section, registry in (("generators", GENERATORS), ("discriminators", DISCRIMINATORS)):
        networks = model.get(section)
        for name, network in networks.items() if isinstance(networks, Mapping) else ():
            if not is_part(network) or not isinstance(network["type"], str):
                continue
            if registry is GENERATORS and name in ("ab", "ba"):
                yield section, name, registry, "in_channels", name[0]
                yield section, name, registry, "out_channels", name[1]
            elif registry is DISCRIMINATORS and name.partition("_")[0] in ("a", "b"):
                yield section, name, registry, "in_channels", name[0]


def _argument(registry: Registry, config: Mapping[str, Any], argument: str) -> Any:
    """Return an argument of a part, its default where the config has none, or the class's attribute of that name."""
    if argument in config:
        return config[argument]
    parameter = parameters(registry, config["type"]).get(argument)
    return getattr(class_of(registry, config["type"]), argument, None) if parameter is None else parameter.default
