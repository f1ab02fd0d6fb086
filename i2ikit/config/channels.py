"""Channels are set once, with the data; networks follow, and a contradiction is an error that names both keys."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from i2ikit.build import ConfigProblem, class_of, is_part, parameters
from i2ikit.config.data import DOMAINS, dataset_config, image_names
from i2ikit.errors import counted
from i2ikit.registry import DATASETS, DISCRIMINATORS, GENERATORS, Registry

if TYPE_CHECKING:
    from i2ikit.translation import UnpairedTranslation

COLOR = 3  # channels
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
    channels = data_channels(config)
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
    """Return the channels of the domains ``a`` and ``b``: those of the data, else those of the outputs' generators."""
    channels = _stated(config["data"])
    if channels:
        return channels
    from i2ikit.translation.outputs import domains_of, entered_by, real_images

    found: dict[str, int] = {}
    for name, image in model.outputs.items():
        source, target = domains_of(name)
        first = entered_by(image, real_images(name, image, [*model.views])[0], model.generators)
        found.setdefault(source, getattr(model.generators[first], "in_channels", COLOR) if first else COLOR)
        last = image.without(lambda name: name not in model.generators)
        network: Any = model.generators[last.name]
        found.setdefault(target, network.widths((last.tap,))[0] if hasattr(network, "widths") else found[source])
    return {domain: found.get(domain, COLOR) for domain in DOMAINS}


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


def data_channels(config: Mapping[str, Any]) -> dict[str, int]:
    """Return the channels of the domains that the training data have, by its default too; empty where it sets none."""
    return by_domain(_argument(DATASETS, dataset_config(config["data"], "train"), "channels"))


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
            if registry is GENERATORS:
                yield from ((section, name, registry, argument, domain) for argument, domain in _ends(name, model))
            elif registry is DISCRIMINATORS and name.partition("_")[0] in ("a", "b"):
                yield section, name, registry, "in_channels", name[0]


def _ends(generator: str, model: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the arguments of a generator that are channels of a domain: of images that it takes, or that it makes."""
    from i2ikit.translation.expressions import parse
    from i2ikit.translation.outputs import declared_outputs, domain_of

    taken, made = set(), set()
    for name, text in declared_outputs(model).items():
        try:
            image = parse(str(text))
        except (ValueError, AttributeError):  # reported where the outputs are built
            continue
        calls = [part for part in image.walk() if part.name == generator and part.arguments]
        taken |= {domain for part in calls if (domain := domain_of(part.arguments[0].name))}
        made |= {name[1]} if image.name == generator and image.tap == "out" and name[1:2] in DOMAINS else set()
    for argument, domains in (("in_channels", taken), ("out_channels", made)):
        yield from ((argument, domain) for domain in sorted(domains))


def _argument(registry: Registry, config: Mapping[str, Any], argument: str) -> Any:
    """Return an argument of a part, its default where the config has none, or the class's attribute of that name."""
    if argument in config:
        return config[argument]
    parameter = parameters(registry, config["type"]).get(argument)
    return getattr(class_of(registry, config["type"]), argument, None) if parameter is None else parameter.default
