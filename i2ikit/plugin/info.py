"""What is known about one plugin: its origin, its state, and how to repair it when it is broken."""

import os
import re
import traceback
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from i2ikit.errors import PluginError, nearest_hint
from i2ikit.kinds import KINDS
from i2ikit.version import __version__

CORE = "i2ikit"
OWN_FILES = "i2ikit.config.imports."  # what the names of modules begin with that are files of `imports`
DISABLE = "I2IKIT_DISABLE_PLUGINS"
ALL = ("1", "all", "true", "yes", "on")
NONE = ("", "0", "none", "false", "no", "off")


@dataclass
class PluginInfo:
    """One plugin: its package, the modules that hold its parts, and its errors.

    Attributes:
        name: of the entry point; ``"i2ikit"`` for the built-in parts.
        package: the distribution to `pip install`.
        version: of the distribution.
        root: the top-level package of the entry point; empty for the built-in parts.
        modules: names of the modules that were imported for their parts.
        error: one line, or empty.
        advice: how to repair the error, one sentence, or empty.
        details: the traceback of the error, or empty.
        off: whether it is switched off.
        notice: a warning that does not stop it, or empty.
    """

    name: str
    package: str
    version: str
    root: str = ""
    modules: list[str] = field(default_factory=list)
    error: str = ""
    advice: str = ""
    details: str = ""
    off: bool = False
    notice: str = ""

    @property
    def title(self) -> str:
        """Name, package and version, for messages."""
        return f"{self.name!r} ({self.package} {self.version})"

    @property
    def names(self) -> set[str]:
        """Its name and its package's, normalized as pip does."""
        return {canonicalize_name(self.name), canonicalize_name(self.package)}

    @property
    def state(self) -> str:
        """One word: ``ready``, ``broken`` or ``off``."""
        return "off" if self.off else "broken" if self.error else "ready"

    @property
    def complaint(self) -> str:
        """Why it cannot be used, with its version and the next step; empty for a plugin that is ready."""
        if self.off:
            return f"the plugin {self.title}, which is switched off by {DISABLE} or --no-plugins"
        if not self.error:
            return ""
        error = " ".join(self.error.split()).rstrip(".")
        see = "`i2ikit plugins --verbose` shows the traceback."
        return f"the plugin {self.title}, which is broken: {error}. {self.advice} {see}"

    def fail(self, stage: str, error: BaseException) -> None:
        """Record an error; only the first one is kept."""
        if not self.error:
            text = traceback.TracebackException.from_exception(error)  # also of an error whose own text fails
            self.error = f"{stage}: {type(error).__name__}: {text}"
            self.advice = advice(error, self.package)
            self.details = "".join(traceback.format_exception(error))


class VersionError(PluginError):
    """A plugin requires another version of i2ikit."""


def check_version(requires: Iterable[str]) -> None:
    """Raise VersionError if the requirements of a distribution exclude this version of i2ikit."""
    for text in requires:
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            continue
        applies = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
        fits = wanted.specifier.contains(__version__, prereleases=True)
        if canonicalize_name(wanted.name) == CORE and applies and not fits:
            raise VersionError(f"it needs {CORE}{wanted.specifier}, and this is {CORE} {__version__}")


def advice(error: BaseException, package: str) -> str:
    """Return the next step for the user of a broken plugin, by the kind of its error."""
    if isinstance(error, VersionError):
        return f"Install a version that fits: `pip install --upgrade {package}`; or another version of i2ikit."
    if isinstance(error, ImportError):
        wanted = re.search(r"cannot import name '(\w+)' from 'i2ikit\.registry'", str(error))
        if wanted is not None:
            registries = [kind.plural.upper() for kind in KINDS]
            return f"There is no registry {wanted[1]!r}.{nearest_hint(wanted[1], registries)}"
        if isinstance(error, ModuleNotFoundError) and error.name:
            top = error.name.partition(".")[0]
            return f"Install the package that has the module {top!r}, or reinstall it: `pip install {package}`."
    return f"Try a newer version, `pip install --upgrade {package}`, or report it to its authors."


def is_disabled(info: PluginInfo) -> bool:
    """Return whether a plugin is switched off: by its name, by its package's, or with all plugins."""
    names = _disabled_names()
    return names is None or not info.names.isdisjoint(map(canonicalize_name, names))


def unknown_disabled_names(plugins: Collection[PluginInfo]) -> list[str]:
    """Return one message for each name that is to be switched off and that belongs to none of ``plugins``."""
    names = [name for info in plugins for name in (info.name, info.package)]
    known = set().union(*(info.names for info in plugins))
    return [
        f"{DISABLE} names {name!r}, but there is no such plugin.{nearest_hint(name, names)} List them with "
        "`i2ikit plugins`."
        for name in _disabled_names() or ()
        if canonicalize_name(name) not in known
    ]


def _disabled_names() -> list[str] | None:
    """Return the names that are to be switched off one by one, or None for all plugins."""
    value = os.environ.get(DISABLE, "").strip()
    if value.lower() in ALL:
        return None
    return [] if value.lower() in NONE else [name.strip() for name in value.split(",") if name.strip()]
