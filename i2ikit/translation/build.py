"""Builds the model from its config, noting every mistake."""

from collections.abc import Iterable, Mapping
from keyword import iskeyword
from typing import Any

from torch import nn

from i2ikit.build import Builder, is_part
from i2ikit.errors import nearest_hint
from i2ikit.interfaces import HeadUse, Read
from i2ikit.registry import DISCRIMINATORS, GENERATORS, HEADS, SCHEDULES, TERMS, VIEWS
from i2ikit.schedules.constant import Constant
from i2ikit.terms.base import Term
from i2ikit.translation.averages import Average, frozen_copy
from i2ikit.translation.expressions import Expression, parse
from i2ikit.translation.model import UnpairedTranslation
from i2ikit.translation.phase import Phase, WeightedTerm
from i2ikit.views.base import View

DOMAINS = ("a", "b")
SECTIONS = ("type", "generators", "discriminators", "heads", "averages", "views", "phases")
AVERAGE_KEYS = ("of", "momentum")
PHASE_KEYS = ("update", "terms", "optimizer", "groups")
TERM_KEYS = ("weight", "stream")  # of every term, whatever its class


def build_model(config: Mapping[str, Any], builder: Builder, path: str = "model") -> UnpairedTranslation | None:
    """Build the model of a config.

    Args:
        config: the ``model`` section; see docs/methods for what it says.
        builder: takes the mistakes.
        path: key path of the section.

    Returns:
        the model, or None after noting at least one mistake.
    """
    return _ModelBuilder(config, builder, path).build()


class _ModelBuilder:
    def __init__(self, config: Mapping[str, Any], builder: Builder, path: str) -> None:
        self.config, self.builder, self.path = config, builder, path
        self.generators: dict[str, Any] = {}
        self.discriminators: dict[str, Any] = {}
        self.heads: dict[str, Any] = {}
        self.views: dict[str, View] = {}
        self.averages: dict[str, Average] = {}

    def build(self) -> UnpairedTranslation | None:
        """Build networks first, then what reads them."""
        before = len(self.builder.mistakes)
        self._check_keys(self.config, SECTIONS, self.path)
        if self.config.get("type", "UnpairedTranslation") != "UnpairedTranslation":
            self.builder.mistake(f"{self.path}.type", "the model is always 'UnpairedTranslation'")
        self.generators = self._parts(GENERATORS, "generators")
        self.discriminators = self._parts(DISCRIMINATORS, "discriminators")
        self.views = self._parts(VIEWS, "views")
        self.heads = {
            name: self._head(config, f"{self.path}.heads.{name}") for name, config in self._section("heads").items()
        }
        for name, config in self._section("averages").items():
            self._average(name, config, f"{self.path}.averages.{name}")
        phases = {
            name: self._phase(name, config, f"{self.path}.phases.{name}")
            for name, config in self._section("phases").items()
        }
        if not self.generators:
            self.builder.mistake(f"{self.path}.generators", "a model needs at least one generator")
        if not phases:
            self.builder.mistake(f"{self.path}.phases", "a model needs at least one phase")
        self._check_names_of_terms()
        if len(self.builder.mistakes) > before:
            return None
        return UnpairedTranslation(self.generators, self.discriminators, self.heads, self.views, phases, self.averages)

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.config.get(name) or {}
        if isinstance(section, Mapping):
            return section
        self.builder.mistake(f"{self.path}.{name}", f"{name} are written as dict(name=dict(...)), not {section!r}")
        return {}

    def _parts(self, registry: Any, name: str) -> dict[str, Any]:
        parts = {}
        for key, config in self._section(name).items():
            path = f"{self.path}.{name}.{key}"
            if not _is_name(key) or (key in DOMAINS and name in ("generators", "views")):
                self.builder.mistake(path, f"{key!r} cannot be a name in image expressions")
            if name == "views" and key in self.generators:
                self.builder.mistake(path, f"a generator is called {key!r} already")
            parts[key] = self.builder.part(registry, config, path)
        return parts

    def _head(self, config: Any, path: str) -> nn.Module | None:
        if not is_part(config) or not {"of", "taps"} <= set(config):
            self.builder.mistake(path, 'a head is written as dict(type="...", of="generator", taps=[...], ...)')
            return None
        if not _are_texts(config["taps"]):
            self.builder.mistake(f"{path}.taps", f"taps are a list of names, not {config['taps']!r}")
            return None
        if str(config["of"]) not in self.generators:
            self._unknown(f"{path}.of", "generator", config["of"], self.generators)
            return None
        generator = self.generators[config["of"]]
        if generator is None:
            return None
        wrong = self._wrong_taps(f"generators.{config['of']}", config["taps"], f"{path}.taps")
        rest = {key: value for key, value in config.items() if key not in ("of", "taps")}
        return None if wrong else self.builder.part(HEADS, rest, path, widths=generator.widths(config["taps"]))

    def _average(self, name: str, config: Any, path: str) -> None:
        """Put the copy of a network beside the network, under its own name."""
        if not isinstance(config, Mapping) or "of" not in config:
            self.builder.mistake(path, 'an average is written as dict(of="generators.ab", momentum=0.999)')
            return
        self._check_keys(config, AVERAGE_KEYS, path)
        kind, _, source = str(config["of"]).partition(".")
        group = self._kinds().get(kind, {})
        if source not in group:
            self._unknown(f"{path}.of", "network", config["of"], self._full_names())
        elif name in group or name in DOMAINS or not _is_name(name):
            self.builder.mistake(path, f"{name!r} is taken, or cannot be a name in image expressions")
        else:
            group[name] = None if group[source] is None else frozen_copy(group[source])
            try:
                self.averages[f"{kind}.{name}"] = Average(config["of"], config.get("momentum", Average.momentum))
            except (ValueError, TypeError) as error:
                self.builder.mistake(f"{path}.momentum", str(error))

    def _kinds(self) -> dict[str, dict[str, Any]]:
        return {"generators": self.generators, "discriminators": self.discriminators, "heads": self.heads}

    def _full_names(self) -> list[str]:
        return [f"{kind}.{name}" for kind, group in self._kinds().items() for name in group]

    def _phase(self, name: str, config: Mapping[str, Any], path: str) -> Phase:
        if not isinstance(config, Mapping):
            self.builder.mistake(path, "a phase is written as dict(update=[...], terms=dict(...))")
            config = {}
        self._check_keys(config, PHASE_KEYS, path)
        terms = {}
        for key, term_config in (config.get("terms") or {}).items():
            weighted = self._weighted_term(term_config, f"{path}.terms.{key}")
            if weighted is not None:
                terms[key] = weighted
        if not config.get("terms"):
            self.builder.mistake(f"{path}.terms", "a phase needs at least one term")
        return Phase(
            name,
            self._updated(config.get("update") or [], f"{path}.update"),
            terms,
            dict(config.get("optimizer") or {}),
            {key: dict(group) for key, group in (config.get("groups") or {}).items()},
        )

    def _updated(self, names: Any, path: str) -> tuple[str, ...]:
        """Return the full names of the networks that ``update`` lists, by kind or one by one."""
        every = [name for name in self._full_names() if name not in self.averages]
        full = {kind: [name for name in every if name.startswith(f"{kind}.")] for kind in self._kinds()}
        if isinstance(names, str):
            names = [names]
        if not _are_texts(names):
            self.builder.mistake(path, f"update is a list of names, not {names!r}")
            return ()
        updated: list[str] = []
        for name in names:
            if name in self.averages:
                self.builder.mistake(path, f"{name!r} is an average of {self.averages[name].of!r}; no phase updates it")
            elif name not in every and name not in full:
                self._unknown(path, "network", name, [*full, *every])
            updated += full.get(name, [name])
        if not updated:
            self.builder.mistake(path, "a phase needs at least one network to update")
        return tuple(dict.fromkeys(updated))

    def _weighted_term(self, config: Any, path: str) -> WeightedTerm | None:
        if not is_part(config):
            self.builder.mistake(path, 'a term is written as dict(type="...", ...)')
            return None
        weight = config.get("weight", 1.0)
        schedule: Any = None
        if is_part(weight):
            schedule = self.builder.part(SCHEDULES, weight, f"{path}.weight")
        elif isinstance(weight, bool) or not isinstance(weight, int | float):
            self.builder.mistake(f"{path}.weight", f"a weight is a number or a schedule, not {weight!r}")
        else:
            schedule = Constant(float(weight))
        stream = config.get("stream", "")
        if not isinstance(stream, str):
            self.builder.mistake(f"{path}.stream", f"a stream is the name of a random stream, not {stream!r}")
        rest = {key: value for key, value in config.items() if key not in TERM_KEYS}
        term = self.builder.part(TERMS, rest, path)
        if term is None or self._wrong_reads(term, path) or schedule is None:
            return None
        return WeightedTerm(term, schedule, str(stream))

    def _wrong_reads(self, term: Term, path: str) -> bool:
        """Check everything that a term reads against the networks there are."""
        before = len(self.builder.mistakes)
        for read in term.reads():
            self._check_read(read, path)
        if len(self.builder.mistakes) > before:
            return True
        for use in dict.fromkeys(term.heads()):
            self._check_head(use, path)
        return len(self.builder.mistakes) > before

    def _check_head(self, use: HeadUse, path: str) -> None:
        """Check that a head is made for the features that a term feeds it."""
        if use.head not in self.heads:
            self._unknown(path, "head", use.head, self.heads)
            return
        generator, made_for = self.generators[use.generator], self._widths_of_head(use.head)
        if made_for is None or generator is None:
            return
        given = generator.widths(use.taps)
        if len(given) != len(made_for):
            message = f"head {use.head!r} is made for {len(made_for)} taps, the term has {len(given)}"
            self.builder.mistake(path, message)
        elif given != made_for:
            message = f"head {use.head!r} is made for taps of {made_for} channels, those of the term have {given}"
            self.builder.mistake(path, message)

    def _widths_of_head(self, head: str) -> list[int] | None:
        """Return the widths that a head, or the one that it is an average of, is made for; None after a mistake."""
        average = self.averages.get(f"heads.{head}")
        if average is not None:
            return self._widths_of_head(average.of.partition(".")[2])
        if self.heads[head] is None:
            return None
        config = self.config["heads"][head]
        return self.generators[config["of"]].widths(config["taps"])

    def _check_read(self, read: Read, path: str) -> None:
        try:
            image = parse(str(read.image))
        except ValueError as error:
            self.builder.mistake(path, str(error))
            return
        for part in image.walk():
            self._check_name(part, read.image, path)
        kind, _, name = read.network.partition(".")
        group = self._kinds().get(kind, {})
        if read.network and name not in group:
            self._unknown(path, kind.removesuffix("s"), name, group)
        elif kind == "generators":
            self._wrong_taps(read.network, read.taps, f"{path}.taps")

    def _check_name(self, part: Expression, text: str, path: str) -> None:
        functions = [*self.generators, *self.views]
        if part.arguments and part.name not in functions:
            self._unknown(path, "generator or view", part.name, functions, f" in {text!r}")
        elif not part.arguments and part.name not in DOMAINS:
            self._unknown(path, "image", part.name, DOMAINS, f" in {text!r}")
        expected = self.views[part.name].arguments if self.views.get(part.name) is not None else 1
        if part.arguments and part.name in functions and len(part.arguments) != expected:
            self.builder.mistake(path, f"{part.name!r} takes {expected} image(s), not {len(part.arguments)} ({text!r})")

    def _wrong_taps(self, network: str, taps: Any, path: str) -> bool:
        generator = self.generators[network.partition(".")[2]]
        names = () if generator is None else generator.tap_names
        inner = getattr(generator, "inner_tap_names", ())
        wrong = [tap for tap in taps if tap not in names and tap not in inner and generator is not None]
        for tap in wrong:
            self._unknown(path, "tap", tap, names, f" in {network}")
        return bool(wrong)

    def _check_keys(self, config: Mapping[str, Any], known: tuple[str, ...], path: str) -> None:
        for key in config:
            if key not in known:
                self.builder.mistake(f"{path}.{key}", f"there is no {key!r} here.{nearest_hint(key, known)}")

    def _check_names_of_terms(self) -> None:
        seen: dict[str, str] = {}
        for phase, config in self._section("phases").items():
            for name in (config.get("terms") or {}) if isinstance(config, Mapping) else ():
                path = f"{self.path}.phases.{phase}.terms.{name}"
                if not _is_name(name):
                    self.builder.mistake(path, f"a term cannot be called {name!r}")
                if name in seen:
                    self.builder.mistake(path, f"phase {seen[name]!r} has a term of this name; names are used once")
                seen[name] = phase

    def _unknown(self, path: str, kind: str, name: Any, names: Iterable[str], where: str = "") -> None:
        hint, known = nearest_hint(str(name), names), ", ".join(names) or "none"
        self.builder.mistake(path, f"there is no {kind} {name!r}{where}.{hint} There are: {known}.")


def _is_name(name: Any) -> bool:
    """Say whether something can be the name of a module; a few words, such as ``keys``, belong to torch."""
    return isinstance(name, str) and name.isidentifier() and not iskeyword(name) and not hasattr(nn.ModuleDict(), name)


def _are_texts(names: Any) -> bool:
    return isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
