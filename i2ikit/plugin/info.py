"""What is known about one plugin, and what to do when it is broken."""

import re
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from i2ikit import __version__
from i2ikit.errors import PluginError, nearest_hint
from i2ikit.plugin.builtins import PARTS

CORE = "i2ikit"


@dataclass
class PluginInfo:
    """One plugin: where it comes from, the modules that hold its parts, and what went wrong with it.

    Attributes:
        name: of the entry point; ``"i2ikit"`` for the built-in parts.
        package: the distribution to `pip install`.
        version: of the distribution.
        modules: names of the modules that were imported for their parts.
        error: one line, or empty.
        advice: what to do about the error, one sentence, or empty.
        details: the traceback of the error, or empty.
        off: whether it was switched off.
        notice: what is odd about it but does not stop it, or empty.
    """

    name: str
    package: str
    version: str
    modules: list[str] = field(default_factory=list)
    error: str = ""
    advice: str = ""
    details: str = ""
    off: bool = False
    notice: str = ""

    @property
    def title(self) -> str:
        """How messages call it: name, package and version."""
        return f"{self.name!r} ({self.package} {self.version})"

    @property
    def names(self) -> set[str]:
        """Its name and its package's, in the spelling by which pip compares names."""
        return {canonicalize_name(self.name), canonicalize_name(self.package)}

    @property
    def state(self) -> str:
        """One word: ``ready``, ``broken`` or ``off``."""
        return "off" if self.off else "broken" if self.error else "ready"

    def fail(self, stage: str, error: BaseException) -> None:
        """Remember an error; the first one stands."""
        if not self.error:
            self.error = f"{stage}: {type(error).__name__}: {error}"
            self.advice = advice(error, self.package)
            self.details = "".join(traceback.format_exception(error))


class VersionError(PluginError):
    """A plugin was made for another version of i2ikit."""


def check_version(requires: Iterable[str]) -> None:
    """Raise VersionError if what a distribution requires of i2ikit is another version than this."""
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
        return f"Take a version of it that fits: `pip install --upgrade {package}`; or another version of i2ikit."
    if isinstance(error, ImportError):
        wanted = re.search(r"cannot import name '(\w+)' from 'i2ikit\.registry'", str(error))
        if wanted is not None:
            registries = [part.upper() for part in PARTS]
            return f"There is no registry {wanted[1]!r}.{nearest_hint(wanted[1], registries)}"
        if isinstance(error, ModuleNotFoundError) and error.name:
            top = error.name.partition(".")[0]
            return f"Install the package that has the module {top!r}, or reinstall it: `pip install {package}`."
    return f"Look for a newer version, `pip install --upgrade {package}`, or tell its authors."
