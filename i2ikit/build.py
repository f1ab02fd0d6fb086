"""Builds parts from config dicts. All errors are collected, so that they can be shown together."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from i2ikit.argument_types import wrong_type
from i2ikit.errors import ConfigError, DuplicateComponentError, UnknownComponentError, nearest_hint
from i2ikit.registry import REGISTRIES, Registry


@dataclass(frozen=True)
class ConfigProblem:
    """One error in a config: the key path (``model.terms.content.loss``) and what is wrong there."""

    path: str
    message: str


def registry_of_argument(name: str) -> Registry | None:
    """Return the registry that an argument's nested config is built from: ``loss`` and ``patch_loss`` mean LOSSES."""
    word = name.rsplit("_", 1)[-1]
    for registry in REGISTRIES.values():
        if word in (registry.plural, registry.plural.removesuffix("s"), registry.kind):
            return registry
    return None


def class_of(registry: Registry, name: Any) -> type[Any] | None:
    """Return the class that is registered under a name, or None; the builder reports why."""
    try:
        return registry.get(name) if isinstance(name, str) else None
    except (UnknownComponentError, DuplicateComponentError):
        return None


def parameters(registry: Registry, name: Any) -> Mapping[str, inspect.Parameter]:
    """Return the arguments that a part takes; none for a part that is not registered."""
    found = class_of(registry, name)
    return {} if found is None else inspect.signature(found).parameters


def is_part(value: Any) -> bool:
    """Return whether a config value describes a part: a mapping with a ``type``."""
    return isinstance(value, Mapping) and "type" in value


REFUSALS = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,
    MemoryError,
)


def needs_values(error: RuntimeError) -> bool:
    """Return whether something failed on torch's meta device only, whose tensors have no values."""
    return isinstance(error, NotImplementedError) or "meta tensor" in str(error)


def reason(error: BaseException) -> str:
    """Return the first line of an error, or its type where it has no text."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


class Builder:
    """Builds registered parts from dicts; what cannot be built becomes a :class:`ConfigProblem` and None.

    Where the name of an argument ends in a kind of parts (``loss``, ``sampler``, ``negatives``, ``transform``, ...),
    its value ``dict(type=...)`` is built first and passed as an object.
    """

    def __init__(self) -> None:
        self.errors: list[ConfigProblem] = []

    def error(self, path: str, message: str) -> None:
        """Record one error."""
        self.errors.append(ConfigProblem(path, message))

    def raise_errors(self, source: str = "the config") -> None:
        """Raise ConfigError with all recorded errors, if there are any; ``source`` names the config."""
        if self.errors:
            raise ConfigError(source, [f"{error.path}: {error.message}" for error in self.errors])

    def part(self, registry: Registry, config: Any, path: str, **given: Any) -> Any | None:
        """Build one part.

        Args:
            registry: where its ``type`` is looked up.
            config: ``dict(type="ClassName", argument=value, ...)``.
            path: key path of ``config``, for messages.
            given: arguments that the caller supplies where the config does not; those that the class does not take are
                ignored.

        Returns:
            the object, or None after at least one error.
        """
        make = self.prepare(registry, config, path, **given)
        if make is None:
            return None
        try:
            return make()
        except REFUSALS as error:
            if isinstance(error, RuntimeError) and needs_values(error):
                raise
            self.error(path, f"{config['type']} refused its arguments: {reason(error)}")
            return None

    def prepare(self, registry: Registry, config: Any, path: str, **given: Any) -> Callable[[], Any] | None:
        """Check the config of one part as :meth:`part` does, and return a factory for it, or None after an error.

        For parts that must not be built yet, such as a data set, which reads the disk.
        """
        found: Callable[..., Any] | None = self._class(registry, config, path)
        if found is None:
            return None
        before = len(self.errors)
        arguments = {key: self._value(key, value, f"{path}.{key}") for key, value in config.items() if key != "type"}
        self.check_types(found, arguments, path)
        given = self.match(found, arguments, given, path)
        return None if len(self.errors) > before else partial(found, **arguments, **given)

    def check_types(self, found: Callable[..., Any], arguments: Mapping[str, Any], path: str) -> None:
        """Report the arguments that do not fit their annotations; a part that could not be built has its own error."""
        broken = {error.path for error in self.errors}
        for name, parameter in inspect.signature(found).parameters.items():
            inner = f"{path}.{name}"
            if name not in arguments or any(each == inner or each.startswith(f"{inner}.") for each in broken):
                continue
            wrong = wrong_type(arguments[name], parameter.annotation)
            if wrong:
                self.error(inner, wrong)

    def _class(self, registry: Registry, config: Any, path: str) -> type[Any] | None:
        if not is_part(config) or not isinstance(config["type"], str):
            self.error(path, f'a {registry.kind} is written as dict(type="...", ...), not {config!r}')
            return None
        try:
            return registry.get(config["type"])
        except (UnknownComponentError, DuplicateComponentError) as error:
            self.error(f"{path}.type", str(error))
            return None

    def _value(self, name: str, value: Any, path: str) -> Any:
        registry = registry_of_argument(name)
        if registry is not None and is_part(value):
            return self.part(registry, value, path)
        if registry is not None and isinstance(value, list | tuple) and value and all(map(is_part, value)):
            return [self.part(registry, item, f"{path}.{index}") for index, item in enumerate(value)]
        return value

    def match(
        self, found: Callable[..., Any], arguments: dict[str, Any], given: dict[str, Any], path: str
    ) -> dict[str, Any]:
        """Check the names of the arguments; return those of ``given`` that the class takes."""
        parameters = dict(inspect.signature(found).parameters)
        open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        names = [name for name, p in parameters.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        given = {key: value for key, value in given.items() if (key in names or open_ended) and key not in arguments}
        for key in arguments:
            if key not in names and not open_ended:
                taken = [name for name in names if name not in given]
                hint = nearest_hint(key, ["type", *taken]) or f" It takes: {', '.join(taken) or 'nothing'}."
                self.error(f"{path}.{key}", f"{found.__name__} has no argument {key!r}.{hint}")
        for name in names:
            if parameters[name].default is inspect.Parameter.empty and name not in arguments and name not in given:
                self.error(path, f"{found.__name__} needs the argument {name!r}")
        return given
