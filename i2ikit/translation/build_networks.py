"""Builds the networks and views of a model from its config. Collects every error."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from torch import nn

from i2ikit import model_keys
from i2ikit.build import Builder, is_part, parameters
from i2ikit.interfaces import full_name
from i2ikit.registry import DISCRIMINATORS, EXTRACTORS, GENERATORS, HEADS, VIEWS, Registry
from i2ikit.translation.averages import COPY, STARTS, Average, frozen_copy
from i2ikit.translation.config_checks import are_texts, check_keys, is_name, section, unknown
from i2ikit.translation.language import AUGMENT, DOMAINS, Language
from i2ikit.views.base import View

REGISTRY_OF: Mapping[str, Registry] = {
    "generators": GENERATORS,
    "discriminators": DISCRIMINATORS,
    "heads": HEADS,
    "extractors": EXTRACTORS,
}
TAPPED = ("generators", "discriminators", "extractors")  # kinds of networks whose taps terms and heads read


class NetworksBuilder:
    """The networks of a model by kind and name; None for one that could not be built.

    Args:
        config: the ``model`` section.
        builder: collects the errors.
        path: key path of the section.
        real: names of the real images.

    Attributes:
        kinds: the networks by kind, ``generators``, ``discriminators``, ``heads`` and ``extractors``, and by name.
        views: by name.
        images: image expressions by the name that stands for them.
        averages: the networks that are moving averages, by full name such as ``"generators.ab_mean"``.
    """

    def __init__(self, config: Mapping[str, Any], builder: Builder, path: str, real: Sequence[str] = DOMAINS) -> None:
        self.config, self.builder, self.path, self.real = config, builder, path, real
        self.kinds: dict[str, dict[str, Any]] = {kind: {} for kind in REGISTRY_OF}
        self.views: dict[str, Any] = {}
        self.images: dict[str, str] = {}
        self.averages: dict[str, Average] = {}

    @property
    def generators(self) -> dict[str, Any]:
        """The generators by name."""
        return self.kinds["generators"]

    def build(self) -> None:
        """Build generators first, then discriminators, extractors, views and heads, averages, and names of images."""
        for kind in ("generators", "discriminators", "extractors"):
            for name in self._names(kind):
                self._check_image_name(kind, name)
                self.kinds[kind][name] = self._network(kind, name)
        for name, config in self.section("views").items():
            self._check_image_name("views", name)
            self.views[name] = self._view(config, f"{self.path}.views.{name}")
        for name, config in self.section("discriminators").items():
            if is_part(config) and "augment" in config:
                path = f"{self.path}.discriminators.{name}.augment"
                self.views[f"{AUGMENT}{name}"] = self._augmentation(config["augment"], path)
        for name in self._names("heads"):
            self.kinds["heads"][name] = self._network("heads", name)
        for name, config in self.section("averages").items():
            self._average(name, config, f"{self.path}.averages.{name}")
        self._name_images()
        if not self.generators:
            self.builder.error(f"{self.path}.generators", "a model needs at least one generator")

    def language(self) -> Language:
        """Return what the names in image expressions mean."""
        networks = {f"{kind}.{name}": network for kind, group in self.kinds.items() for name, network in group.items()}
        return Language(networks, self.views, real=self.real, named=self.images)

    def full_names(self) -> list[str]:
        """Return the full names of all networks, such as ``"heads.f"``."""
        return [f"{kind}.{name}" for kind, group in self.kinds.items() for name in group]

    def widths_of_head(self, head: str) -> list[int] | None:
        """Return the widths of the features that a head, or the head that it averages, is made for.

        None for a head that is made for no features, and after an error.
        """
        if self.kinds["heads"][head] is None:
            return None
        kind, name = self._source(f"heads.{head}")
        config = self.section(kind)[name]
        if "of" not in config:
            return None
        return list(self.tapped(config["of"]).widths(config["taps"]))

    def tapped(self, name: str) -> Any:
        """Return the generator ``"ab"``, or another network such as ``"extractors.vgg"``; None if it has an error.

        Raises:
            KeyError: there is none.
        """
        kind, _, short = full_name(name).partition(".")
        return self.kinds[kind if kind in TAPPED else ""][short]

    def has_wrong_taps(self, name: str, taps: Iterable[str], path: str) -> bool:
        """Report the taps that a network does not have; return whether there are any."""
        network = self.tapped(name)
        if network is None:
            return False
        names = getattr(network, "tap_names", ("out",))
        wrong = [tap for tap in taps if tap not in (*names, *getattr(network, "inner_tap_names", ()))]
        for tap in wrong:
            unknown(self.builder, path, "tap", tap, names, f" in {full_name(name)}")
        return bool(wrong)

    def section(self, name: str) -> Mapping[str, Any]:
        """Return a part of the ``model`` section; see :func:`section`."""
        return section(self.builder, self.config, name, self.path)

    def _check_image_name(self, kind: str, name: str) -> None:
        path = f"{self.path}.{kind}.{name}"
        if not is_name(name) or (name in self.real and kind in ("generators", "views")):
            self.builder.error(path, f"{name!r} cannot be a name in image expressions")
        if kind == "views" and name in self.generators:
            self.builder.error(path, f"a generator is already called {name!r}")

    def _names(self, kind: str) -> list[str]:
        """Return the names of networks; those with weights of their own, by which they are known, come first."""
        return sorted(self.section(kind), key=partial(self._is_same, kind))

    def _is_same(self, kind: str, name: str) -> bool:
        config = self.section(kind)[name]
        return isinstance(config, Mapping) and model_keys.SAME in config

    def _network(self, kind: str, name: str) -> nn.Module | None:
        """Build the network of this name from its config; with ``same_as`` it is the network of another name."""
        config, path = self.section(kind)[name], f"{self.path}.{kind}.{name}"
        if self._is_same(kind, name):
            return self._same(kind, name, path)
        if kind == "discriminators" and is_part(config) and "augment" in config:
            config = {key: value for key, value in config.items() if key not in model_keys.DISCRIMINATOR}
        return self._head(config, path) if kind == "heads" else self.builder.part(REGISTRY_OF[kind], config, path)

    def _same(self, kind: str, name: str, path: str) -> nn.Module | None:
        """Return the network of the other name that ``same_as`` gives."""
        section, what = self.section(kind), REGISTRY_OF[kind].kind
        other = str(section[name][model_keys.SAME])
        beside = ", ".join(key for key in section[name] if key != model_keys.SAME)
        known = [each for each in section if not self._is_same(kind, each)]
        if beside:
            self.builder.error(path, f"same_as stands alone, without {beside}: {name!r} is {other!r} itself")
        elif other in section and other not in known:
            choice = f"name {' or '.join(map(repr, known))}" if known else f"one {what} needs a type"
            self.builder.error(f"{path}.same_as", f"{other!r} has no weights of its own, but a same_as too: {choice}")
        elif other not in section:
            where = next((f", which is one of the {each}" for each in REGISTRY_OF if other in self.section(each)), "")
            unknown(self.builder, f"{path}.same_as", f"other {what}", other, known, where)
        return self.kinds[kind].get(other)

    def _head(self, config: Any, path: str) -> nn.Module | None:
        """Build a head for the features of a generator, or one without `of` and `taps`, which terms feed freely."""
        given = [key for key in model_keys.HEAD if is_part(config) and key in config]
        if is_part(config) and not given and "widths" not in parameters(HEADS, config["type"]):
            return self.builder.part(HEADS, config, path)
        if len(given) < len(model_keys.HEAD):
            self.builder.error(path, 'a head is written as dict(type="...", of="generator", taps=[...], ...)')
            return None
        if not are_texts(config["taps"]):
            self.builder.error(f"{path}.taps", f"taps are a list of names, not {config['taps']!r}")
            return None
        try:
            network = self.tapped(str(config["of"]))
        except KeyError:
            known = [*self.generators, *(f"extractors.{name}" for name in self.kinds["extractors"])]
            unknown(self.builder, f"{path}.of", "generator or extractor", config["of"], known)
            return None
        if network is None or self.has_wrong_taps(config["of"], config["taps"], f"{path}.taps"):
            return None
        rest = {key: value for key, value in config.items() if key not in model_keys.HEAD}
        return self.builder.part(HEADS, rest, path, widths=network.widths(config["taps"]))

    def _view(self, config: Any, path: str) -> View | None:
        """Build a view; any view may name its random stream, and whether it stays outside of training."""
        own = {key: config[key] for key in model_keys.VIEW if is_part(config) and key in config}
        rest = {key: value for key, value in config.items() if key not in own} if own else config
        view: View | None = self.builder.part(VIEWS, rest, path)
        for key, kind, what in (("stream", str, "the name of a random stream"), ("at_test", bool, "True or False")):
            if key in own and (not isinstance(own[key], kind) or own[key] == ""):
                self.builder.error(f"{path}.{key}", f"must be {what}, not {own[key]!r}")
            elif key in own and view is not None:
                setattr(view, key, own[key])
        return view

    def _augmentation(self, config: Any, path: str) -> View | None:
        """Build the view in front of a discriminator: of one image, and gradient flows through it to the generator."""
        view = self._view(config, path)
        if view is None:
            return None
        of_one = view.arguments == 1 and not view.numbers
        if of_one and view.differentiable:
            return view
        why = "lets no gradient through" if of_one else "does not take one image alone"
        self.builder.error(path, f"{config['type']} {why}; take a view such as DiffAugment or ADA")
        return None

    def _name_images(self) -> None:
        """Add the names of image expressions."""
        taken = {**dict.fromkeys(self.real, "real image"), **dict.fromkeys(self.generators, "generator")}
        taken |= dict.fromkeys(self.views, "view")
        for name, text in self.section("images").items():
            path = f"{self.path}.images.{name}"
            if not is_name(name):
                self.builder.error(path, f"{name!r} cannot be a name in image expressions")
            elif name in taken:
                self.builder.error(path, f"a {taken[name]} is already called {name!r}")
            elif not isinstance(text, str):
                self.builder.error(path, f"must be an image expression, not {text!r}")
            else:
                self.images[name] = text
        language = self.language()
        for name in self.images:
            try:
                language.image(name)
            except ValueError as error:
                self.builder.error(f"{self.path}.images.{name}", str(error))

    def _average(self, name: str, config: Any, path: str) -> None:
        """Add the moving average of a network under its own name."""
        if not isinstance(config, Mapping) or "of" not in config:
            self.builder.error(path, 'an average is written as dict(of="generators.ab", momentum=0.999)')
            return
        check_keys(self.builder, config, model_keys.AVERAGE, path)
        of = self.language().full(str(config["of"]))
        kind, _, source = of.partition(".")
        group = self.kinds.get(kind, {})
        init = config.get("init", COPY)
        if source not in group:
            unknown(self.builder, f"{path}.of", "network", config["of"], self.full_names())
        elif name in group or name in self.real or not is_name(name):
            self.builder.error(path, f"{name!r} is already used, or cannot be a name in image expressions")
        elif init not in STARTS:
            self.builder.error(f"{path}.init", f"init is one of {', '.join(map(repr, STARTS))}, not {init!r}")
        else:
            group[name] = None
            try:
                average = Average(of, config.get("momentum", Average.momentum))
            except (ValueError, TypeError) as error:
                self.builder.error(f"{path}.momentum", str(error))
                return
            if group[source] is not None:
                group[name] = self._initial(kind, source, init)
                self.averages[f"{kind}.{name}"] = average

    def _initial(self, kind: str, source: str, init: str) -> nn.Module | None:
        """Return the initial network of an average."""
        if init == COPY:
            return frozen_copy(self.kinds[kind][source])
        made = self._network(*self._source(f"{kind}.{source}"))
        return None if made is None else made.requires_grad_(False)

    def _source(self, name: str) -> tuple[str, str]:
        """Return kind and name of the network with the config: the network itself, or the one that it averages."""
        while name in self.averages:
            name = self.averages[name].of
        kind, _, short = self.language().full(name).partition(".")
        return kind, short
