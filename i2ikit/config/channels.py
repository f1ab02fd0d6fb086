"""Channels are set once, with the data; networks follow, and a contradiction is an error that names both keys."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from i2ikit.build import ConfigProblem, is_part
from i2ikit.config.data import dataset_config, parameters
from i2ikit.errors import UnknownComponentError
from i2ikit.registry import DATASETS, DISCRIMINATORS, GENERATORS, Registry

SECTIONS = ("generators", "discriminators")
Need = tuple[str, str, Registry, str, str]  # section, name, registry, argument, domain


def follow_data(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config in which the networks have the channels of ``data.channels``.

    A network that sets its own keeps them. Without channels in the data nothing changes.
    """
    data, model = config.get("data"), config.get("model")
    channels_set = data.get("channels") if isinstance(data, Mapping) else None
    if isinstance(data, Mapping) and channels_set is None and is_part(data.get("train")):
        channels_set = data["train"].get("channels")
    channels = by_domain(channels_set)
    if not channels or not isinstance(model, Mapping):
        return dict(config)
    changed = {section: dict(model[section]) for section in SECTIONS if isinstance(model.get(section), Mapping)}
    for section, name, registry, argument, domain in _needs(model):
        network = changed[section][name]
        if argument not in network and argument in parameters(registry, network["type"]):
            changed[section][name] = {**network, argument: channels[domain]}
    return {**config, "model": {**model, **changed}}


def channel_errors(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    """Yield the contradictions between the channels of data and networks."""
    data, model = config.get("data"), config.get("model")
    if not isinstance(data, Mapping) or not isinstance(model, Mapping) or not is_part(data.get("train")):
        return
    kind = data["train"]["type"]
    if data.get("channels") is not None and "channels" not in parameters(DATASETS, kind):
        yield ConfigProblem("data.channels", f"the data set {kind} takes no channels; remove data.channels")
        return
    channels = by_domain(_of_dataset(data))
    for section, name, registry, argument, domain in _needs(model) if channels else ():
        found = _argument(registry, model[section][name], argument)
        if isinstance(found, int) and found != channels[domain]:
            path, plural = f"model.{section}.{name}.{argument}", "s" * (channels[domain] != 1)
            yield ConfigProblem(
                path,
                f"is {found}, but data.channels gives images of domain {domain} {channels[domain]} channel{plural}. "
                f"Set data.channels={found}, or {path}={channels[domain]}.",
            )


def by_domain(channels: Any) -> dict[str, int]:
    """Return the channels of the domains a and b; empty without a valid value."""
    if isinstance(channels, Mapping) and set(channels) == {"a", "b"}:
        return dict(channels)
    return {"a": channels, "b": channels} if isinstance(channels, int) else {}


def _needs(model: Mapping[str, Any]) -> Iterator[Need]:
    """Yield each argument of a network that must equal the channels of a domain, which the network's name shows."""
    for name, network in _parts(model, "generators"):
        source, target = ("b", "a") if name == "ba" else ("a", "b")
        if isinstance(network["type"], str) and name in ("ab", "ba"):
            yield "generators", name, GENERATORS, "in_channels", source
            yield "generators", name, GENERATORS, "out_channels", target
    for name, network in _parts(model, "discriminators"):
        if isinstance(network["type"], str) and name.partition("_")[0] in ("a", "b"):
            yield "discriminators", name, DISCRIMINATORS, "in_channels", name[0]


def _parts(model: Mapping[str, Any], section: str) -> list[tuple[str, Any]]:
    found = model.get(section)
    return [item for item in found.items() if is_part(item[1])] if isinstance(found, Mapping) else []


def _of_dataset(data: Mapping[str, Any]) -> Any:
    """Return the channels of ``data.train``: from the config, or from its class."""
    config = dataset_config(data, "train")
    return config["channels"] if "channels" in config else _argument(DATASETS, config, "channels")


def _argument(registry: Registry, config: Mapping[str, Any], argument: str) -> Any:
    """Return an argument of a part, its default where the config has none, or the class's attribute of that name."""
    if argument in config:
        return config[argument]
    try:
        found = registry.get(config["type"])
    except UnknownComponentError:  # the builder reports it
        return None
    parameter = inspect.signature(found).parameters.get(argument)
    return parameter.default if parameter is not None else getattr(found, argument, None)
