"""Builds the model from its config: networks, then the phases whose terms read them. Collects every error."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from i2ikit import model_keys
from i2ikit.argument_types import shown, wrong_number
from i2ikit.build import Builder, is_part
from i2ikit.errors import counted
from i2ikit.interfaces import HeadUse, Read
from i2ikit.registry import SCHEDULES, TERMS
from i2ikit.schedules.weights import Constant
from i2ikit.terms.base import Term
from i2ikit.translation.build_networks import TAPPED, NetworksBuilder
from i2ikit.translation.config_checks import are_texts, check_keys, is_name, section, unknown
from i2ikit.translation.language import DOMAINS
from i2ikit.translation.model import UnpairedTranslation
from i2ikit.translation.outputs import build_outputs
from i2ikit.translation.passes import PassPlan
from i2ikit.translation.phase import Phase, WeightedTerm
from i2ikit.translation.view_samples import check_inputs
from i2ikit.views.base import UnfoldingView


def build_model(
    config: Mapping[str, Any], builder: Builder, path: str = "model", *, real: Sequence[str] = DOMAINS
) -> UnpairedTranslation | None:
    """Build the model of a config: networks first, then the phases that read and update them.

    Args:
        config: the ``model`` section; see docs/methods for examples.
        builder: collects the errors.
        path: key path of the section.
        real: names of the real images that the data provides.

    Returns:
        the model, or None after at least one error.
    """
    before = len(builder.errors)
    if not isinstance(config, Mapping):
        builder.error(path, f"must be a dict, not {config!r}")
        return None
    check_keys(builder, config, model_keys.MODEL, path)
    if config.get("type", "UnpairedTranslation") != "UnpairedTranslation":
        builder.error(f"{path}.type", "the model is always 'UnpairedTranslation'")
    networks = NetworksBuilder(config, builder, path, real)
    networks.build()
    phases_builder = PhasesBuilder(networks)
    outputs = build_outputs(networks, phases_builder.language)
    phases = phases_builder.build()
    if len(builder.errors) > before:
        return None
    return UnpairedTranslation(
        **networks.kinds,
        views=networks.views,
        phases=phases,
        averages=networks.averages,
        outputs=outputs,
        real=real,
        images=networks.images,
    )


class PhasesBuilder:
    """The phases of a model.

    Args:
        networks: of the same config, which phases update and terms read.
    """

    def __init__(self, networks: NetworksBuilder) -> None:
        self.networks, self.builder = networks, networks.builder
        self.language = networks.language()
        self.phase_of_term: dict[str, str] = {}

    def build(self) -> dict[str, Phase]:
        """Return the phases by name, in the order of the config."""
        path = f"{self.networks.path}.phases"
        configs = self.networks.section("phases")
        if not configs:
            self.builder.error(path, "a model needs at least one phase")
        before = len(self.builder.errors)
        phases = {name: self._phase(name, config, f"{path}.{name}") for name, config in configs.items()}
        if len(self.builder.errors) == before:
            self._refuse_idle(phases, path)
        return {name: phases[name] for name in self._ordered(configs, path)}

    def _ordered(self, configs: Mapping[str, Any], path: str) -> list[str]:
        """Return the names of the phases in the order of the config, but each ``before`` the phase that it names."""
        names = list(configs)
        for name, config in configs.items():
            later = config.get("before") if isinstance(config, Mapping) else None
            if later is None:
                continue
            others = [each for each in configs if each != name]
            if later not in others:
                unknown(self.builder, f"{path}.{name}.before", "other phase", later, others)
                continue
            names.remove(name)
            names.insert(names.index(later), name)
        return names

    def _phase(self, name: str, config: Mapping[str, Any], path: str) -> Phase:
        if not isinstance(config, Mapping):
            self.builder.error(path, "a phase is written as dict(update=[...], terms=dict(...))")
            config = {}
        check_keys(self.builder, config, model_keys.PHASE, path)
        terms = {}
        for key, term_config in section(self.builder, config, "terms", path).items():
            self._check_name_of_term(key, name, f"{path}.terms.{key}")
            weighted = self._weighted_term(term_config, f"{path}.terms.{key}")
            if weighted is not None:
                terms[key] = weighted
        if not config.get("terms"):
            self.builder.error(f"{path}.terms", "a phase needs at least one term")
        groups = section(self.builder, config, "groups", path)
        return Phase(
            name,
            self._updated(config.get("update") or [], f"{path}.update"),
            terms,
            dict(section(self.builder, config, "optimizer", path)),
            {key: dict(section(self.builder, groups, key, f"{path}.groups")) for key in groups},
        )

    def _updated(self, names: Any, path: str) -> tuple[str, ...]:
        """Return the full names of the networks that ``update`` lists by kind or by name."""
        averages = self.networks.averages
        every = [name for name in self.networks.full_names() if name not in averages]
        full = {kind: [name for name in every if name.startswith(f"{kind}.")] for kind in self.networks.kinds}
        if isinstance(names, str):
            names = [names]
        if not are_texts(names):
            self.builder.error(path, f"update is a list of names, not {names!r}")
            return ()
        updated: list[str] = []
        for name in names:
            if name in averages:
                self.builder.error(path, f"{name!r} is an average of {averages[name].of!r}; no phase updates it")
            elif name.partition(".")[0] == "extractors":
                self.builder.error(path, f"{name!r} is never updated; a network that a phase updates is a generator")
            elif name not in every and name not in full:
                unknown(self.builder, path, "network", name, [*full, *every])
            updated += [self.language.full(each) for each in full.get(name, [name])]
        if not updated:
            self.builder.error(path, "a phase needs at least one network to update")
        return tuple(dict.fromkeys(updated))

    def _weighted_term(self, config: Any, path: str) -> WeightedTerm | None:
        if not is_part(config):
            self.builder.error(path, 'a term is written as dict(type="...", ...)')
            return None
        weight = config.get("weight", 1.0)
        schedule: Any = None
        if is_part(weight):
            schedule = self.builder.part(SCHEDULES, weight, f"{path}.weight")
        elif isinstance(weight, bool) or not isinstance(weight, int | float) or wrong_number(weight):
            self.builder.error(f"{path}.weight", f"must be a number or a schedule, not {shown(weight)}")
        else:
            schedule = Constant(float(weight))
        stream = config.get("stream", "")
        if not isinstance(stream, str):
            self.builder.error(f"{path}.stream", f"must be the name of a random stream, not {stream!r}")
        rest = {key: value for key, value in config.items() if key not in model_keys.TERM}
        term = self.builder.part(TERMS, rest, path)
        if term is None or self._has_wrong_reads(term, path) or schedule is None:
            return None
        self._refuse_trainable(term, path)
        return WeightedTerm(term, schedule, str(stream))

    def _refuse_trainable(self, term: Term, path: str) -> None:
        """Report trainable parameters inside a term; phases update networks, so they would keep their first values."""
        names = [name for name, parameter in term.named_parameters() if parameter.requires_grad]
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            self.builder.error(
                path,
                f"the term has trainable parameters that no phase updates: {names[0]!r}{more}. Make them a head, which "
                "a phase updates, or set requires_grad to False where they are made",
            )

    def _refuse_idle(self, phases: Mapping[str, Phase], path: str) -> None:
        """Report the terms whose gradient reaches no network that their phase updates.

        Left out are terms of weight 0, terms that read everything without gradient, to record a value, and terms that
        would train a network that no phase updates: it may be meant to stay as it is.
        """
        full = self.language.full
        known = {name for name in self.networks.full_names() if not name.startswith("extractors.")}
        resting = known - self.networks.averages.keys() - {name for each in phases.values() for name in each.update}
        for phase in phases.values():
            for name, weighted in phase.terms.items():
                off = isinstance(weighted.weight, Constant) and weighted.weight.value == 0
                reads = weighted.term.reads()
                given = [read for read in reads if read.grad]
                heads = {full(f"heads.{use.head}") for use in weighted.term.heads()}
                trained = {*phase.update, *resting}
                if off or not given or not heads.isdisjoint(trained):
                    continue
                if any(self._reaches(read, trained) for read in given):
                    continue
                stopped = [_text(read) for read in reads if not read.grad and self._reaches(read, phase.update)]
                hint = f"; it reads {', '.join(dict.fromkeys(stopped))} without gradient" if stopped else ""
                self.builder.error(
                    f"{path}.{phase.name}.terms.{name}",
                    f"trains nothing: no network that phase {phase.name!r} updates ({', '.join(phase.update)}) gets a "
                    f"gradient through {', '.join(dict.fromkeys(map(_text, given)))}{hint}. "
                    "Name an image that these networks make, or put the term into another phase",
                )

    def _reaches(self, read: Read, networks: Iterable[str]) -> bool:
        """Return whether gradient through a read, if it has any, may reach a network; a view may unfold into any."""
        views, inputs = self.networks.views, self.language.inputs(read.network, read.image)
        found = {self.language.full(read.network)}
        if not read.leaf:
            plan = PassPlan((), (), self.networks.generators, self.language.opaque(), self.language.inputs)
            found = found.union(*map(plan.upstream, inputs))
            if any(isinstance(views.get(part.name), UnfoldingView) for image in inputs for part in image.walk()):
                return True
        return not found.isdisjoint(networks)

    def _has_wrong_reads(self, term: Term, path: str) -> bool:
        """Report what a term reads or embeds that the model does not have; return whether there is any."""
        before = len(self.builder.errors)
        for read in term.reads():
            self._check_read(read, path)
        if len(self.builder.errors) > before:
            return True
        for use in dict.fromkeys(term.heads()):
            self._check_head(use, path)
        return len(self.builder.errors) > before

    def _check_head(self, use: HeadUse, path: str) -> None:
        """Check that a head is made for the features that a term feeds it."""
        heads = self.networks.kinds["heads"]
        if use.head not in heads:
            unknown(self.builder, path, "head", use.head, heads)
            return
        if heads[use.head] is None or not use.taps:
            return
        network = self.networks.tapped(use.generator)
        if network is None:
            return
        made_for, given = self.networks.widths_of_head(use.head), list(network.widths(use.taps))
        if made_for == given:
            return
        if made_for is None:
            message = f"the term embeds features with head {use.head!r}, which has no `of` and `taps`; add them"
        elif len(given) != len(made_for):
            message = f"head {use.head!r} is made for {counted(len(made_for), 'tap')}, but the term has {len(given)}"
        else:
            message = f"head {use.head!r} is made for taps of {made_for} channels, but those of the term have {given}"
        self.builder.error(path, message)

    def _check_read(self, read: Read, path: str) -> None:
        try:
            check_inputs(self.language, read.network, read.image)
        except ValueError as error:
            self.builder.error(path, str(error))
        kind, _, name = read.network.partition(".")
        group = self.networks.kinds.get(kind, {})
        if read.network and name not in group:
            unknown(self.builder, path, kind.removesuffix("s"), name, group)
        elif kind in TAPPED:
            self.networks.has_wrong_taps(read.network, read.taps, f"{path}.taps")

    def _check_name_of_term(self, name: str, phase: str, path: str) -> None:
        if not is_name(name):
            self.builder.error(path, f"{name!r} cannot be the name of a term; use a Python identifier")
        first = self.phase_of_term.setdefault(name, phase)
        if first != phase:
            self.builder.error(path, f"phase {first!r} already has a term of this name; choose another")


def _text(read: Read) -> str:
    """Return a read as a message shows it: ``ab(a)``, or ``discriminators.b(ab(a))``."""
    return f"{read.network}({read.image})" if read.network else read.image
