"""Finds all errors of a config at once, by building its model on the meta device, which is fast."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from i2ikit.build import Builder, ConfigProblem, class_of, is_part
from i2ikit.config.channels import channel_errors
from i2ikit.config.data import SHARED, SHARED_SIZES, announced_wrongly, dataset_config
from i2ikit.config.evaluation import check_evaluation, check_schedule
from i2ikit.config.files import LENGTHS
from i2ikit.config.imports import import_problems
from i2ikit.config.mmengine_parts import BACKEND, HOOK, check_list, check_optimizer, check_part
from i2ikit.config.progressive import smaller_errors
from i2ikit.config.sections import DATASET_KEYS, FIXED, REQUIRED, SECTIONS, Check, fixed_keys, integer, known_hint
from i2ikit.config.trial import build_trial_model, image_errors
from i2ikit.errors import nearest_hint
from i2ikit.plugin import get_manager
from i2ikit.registry import DATASETS, METRICS, SCHEDULES, TRACKERS
from i2ikit.trackers.base import Tracker, missing_package

if TYPE_CHECKING:
    from i2ikit.translation import UnpairedTranslation

HELPER_HINT = "Write helper names in capitals, or with a leading underscore."


def find_errors(config: Mapping[str, Any]) -> list[ConfigProblem]:
    """Return all errors of a resolved config, in the order of its sections.

    Networks are built on the meta device. Data sets and metrics are checked by their signatures, without reading files
    or downloading.
    """
    builder = Builder()
    _check_plugins(config.get("plugins", []), builder)
    builder.errors += import_problems(config.get("imports", []))
    if builder.errors:
        return builder.errors  # their parts are unknown, so all further errors would be misleading
    _check_sections(config, builder)
    for name, keys in FIXED.items():
        if name in config:
            _check_fixed(config[name], name, keys, builder)
    model = _check_model(config, builder) if "model" in config else None
    if "optimizer" in config:
        phases = model.phases.items() if model is not None else ()
        _check_optimizers(config, {name: tuple(phase.update) for name, phase in phases}, builder)
    if config.get("schedule") is not None:
        builder.part(SCHEDULES, config["schedule"], "schedule")
    _check_data(config.get("data"), builder)
    builder.errors += channel_errors(config)
    for path, metric in _named(config, "metrics", builder):
        builder.prepare(METRICS, metric, path)
    for path, alarm in _named(config, "alarms", builder):
        if alarm is not None:
            check_part(alarm, path, HOOK, builder)
    check_evaluation(config.get("evaluation", {}), config.get("metrics", {}), config.get("model"), builder)
    check_schedule(config.get("schedule"), config.get("evaluation", {}), builder)
    _check_value(config.get("seed", 0), "seed", integer(0), builder)
    check_list(config.get("hooks", []), "hooks", HOOK, builder)
    check_trackers(config.get("trackers", []), builder)
    check_list(config.get("vis_backends", []), "vis_backends", BACKEND, builder)
    if model is not None and not any(error.path.partition(".")[0] in ("model", "data") for error in builder.errors):
        builder.errors += image_errors(config, model) or smaller_errors(config, model)
        _check_shown(config.get("samples"), model, builder)
    return builder.errors


def check_trackers(section: Any, builder: Builder) -> None:
    """Collect the errors of the section ``trackers``; none of their packages is imported."""
    if not isinstance(section, list):
        builder.error("trackers", f'must be a list of dict(type="..."), not {section!r}')
        return
    for index, config in enumerate(section):
        path = f"trackers.{index}"
        found = class_of(TRACKERS, config["type"]) if is_part(config) else None
        if found is not None and not issubclass(found, Tracker):
            builder.error(f"{path}.type", f"{found.__name__} must derive from i2ikit.trackers.base.Tracker")
        elif found is not None and (missing := missing_package(found)):
            builder.error(f"{path}.type", missing)
        else:
            builder.part(TRACKERS, config, path)


def _check_plugins(section: Any, builder: Builder) -> None:
    """Report each plugin that the config needs and that cannot be used."""
    if not isinstance(section, list) or not all(isinstance(name, str) for name in section):
        builder.error("plugins", f'must be a list of names of packages, such as ["i2ikit-foo"], not {section!r}')
        return
    for index, name in enumerate(section):
        problem = f'a file belongs into imports=["{name}"]' if name.endswith(".py") else get_manager().problem(name)
        if problem:
            builder.error(f"plugins.{index}", problem)


def _check_sections(config: Mapping[str, Any], builder: Builder) -> None:
    for name in config:
        if name not in SECTIONS:
            builder.error(name, f"a config has no section {name!r}.{nearest_hint(name, SECTIONS)} {HELPER_HINT}")
    for name in REQUIRED:
        if name not in config:
            builder.error(name, f"the section {name!r} is missing")


def _check_shown(samples: Any, model: "UnpairedTranslation", builder: Builder) -> None:
    """Report the images in ``samples.show`` that a model does not have."""
    shown = samples.get("show", []) if isinstance(samples, Mapping) else []
    for index, text in enumerate(shown if isinstance(shown, list) else []):
        try:
            model.language.image(str(text))
        except ValueError as error:
            builder.error(f"samples.show.{index}", str(error))


def _check_fixed(section: Any, name: str, keys: Mapping[str, Any], builder: Builder) -> None:
    if not isinstance(section, Mapping):
        builder.error(name, f"must be dict({', '.join(f'{key}=...' for key in keys)}), not {section!r}")
        return
    for key, value in section.items():
        if key not in fixed_keys(name):
            hint = known_hint(key, fixed_keys(name))
            builder.error(f"{name}.{key}", f"the section {name!r} has no {key!r}.{hint}")
        elif key in keys and (value is not None or keys[key].default is not None):
            _check_value(value, f"{name}.{key}", keys[key].check, builder)
    given = [length for length in LENGTHS if section.get(length) is not None]
    if name == "train" and len(given) != 1:
        both = "but not both" if given else "but has neither"
        builder.error("train", f"needs the length of the training, `epochs` or `steps`, {both}")


def _check_model(config: Mapping[str, Any], builder: Builder) -> "UnpairedTranslation | None":
    """Build the model without its weights; return None if that fails."""
    model, errors = build_trial_model(config)
    builder.errors += errors
    return model


def _check_optimizers(config: Mapping[str, Any], phases: Mapping[str, tuple[str, ...]], builder: Builder) -> None:
    """Check the common optimizer, and the changes of phases and their groups."""
    common = config["optimizer"]
    if not check_optimizer(common, "optimizer", builder):
        return
    for phase, updated in phases.items():
        section = config["model"]["phases"][phase]
        path = f"model.phases.{phase}"
        own = section.get("optimizer") or {}
        if own and not check_optimizer({**common, **own}, f"{path}.optimizer", builder):
            continue
        for group, changes in (section.get("groups") or {}).items():
            names = sorted({name for full in updated for name in (full, full.partition(".")[0])})
            if group not in names:
                hint = known_hint(group, names)
                builder.error(f"{path}.groups.{group}", f"the phase {phase!r} does not update {group!r}.{hint}")
            elif "type" in changes:
                builder.error(f"{path}.groups.{group}.type", "the groups of a phase share one type; remove it")
            else:
                check_optimizer({**common, **own, **changes}, f"{path}.groups.{group}", builder)


def _check_data(section: Any, builder: Builder) -> None:
    if not isinstance(section, Mapping):
        return
    if "train" not in section:
        builder.error("data", 'needs \'train\': dict(type="UnpairedFolders", root=..., split="train", ...)')
    if any(error.path in {f"data.{name}" for name in (*SHARED_SIZES.values(), *SHARED)} for error in builder.errors):
        return  # the parts get these values: their errors would repeat that one
    for key in DATASET_KEYS:
        if section.get(key) is not None:
            ready = builder.prepare(DATASETS, dataset_config(section, key), f"data.{key}")
            wrong = announced_wrongly(section, key) if ready is not None else ""
            if wrong:
                builder.error(f"data.{key}", wrong)


def _named(config: Mapping[str, Any], name: str, builder: Builder) -> Iterator[tuple[str, Any]]:
    """Yield path and config of each part of a section that gives its parts names."""
    section = config.get(name, {})
    if isinstance(section, Mapping):
        yield from ((f"{name}.{key}", part) for key, part in section.items())
    else:
        builder.error(name, f'must be dict(name=dict(type="..."), ...), not {section!r}')


def _check_value(value: Any, path: str, check: Check, builder: Builder) -> None:
    wrong = check(value)
    if wrong:
        builder.error(path, wrong)
