"""Finds plugins, asks their hooks, and keeps a broken one from stopping anybody else."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import pluggy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from i2ikit import __version__
from i2ikit.errors import PluginError, nearest_hint
from i2ikit.plugin import builtins, hooks
from i2ikit.plugin.disabled import DISABLE, is_disabled, wrong_names
from i2ikit.plugin.info import CORE, PluginInfo, VersionError, check_version
from i2ikit.plugin.loading import import_with_submodules, load_builtin_parts
from i2ikit.plugin.scan import Declared, scan

if TYPE_CHECKING:
    import typer

SLOW = 5.0  # seconds of an import, after which it is mentioned
logger = logging.getLogger(__name__)


class Manager:
    """All plugins found here, the built-in parts first; finding them imports only their entry-point modules."""

    def __init__(self) -> None:
        self.plugins: list[PluginInfo] = []
        self._loaded: list[tuple[PluginInfo, Any]] = []
        self._pluggy = pluggy.PluginManager(hooks.GROUP)
        self._pluggy.add_hookspecs(hooks)
        self._components: list[tuple[PluginInfo, list[str]]] | None = None
        self._components_loaded = False
        self._add(PluginInfo(CORE, CORE, __version__), builtins)
        for entry in sorted(entry_points(group=hooks.GROUP), key=lambda entry: entry.name):
            self._add_entry_point(entry)
        for message in wrong_names(self.plugins[1:]):
            logger.warning(message)

    def _add_entry_point(self, entry: EntryPoint) -> None:
        distribution = entry.dist
        info = PluginInfo(
            entry.name, distribution.name if distribution else "?", distribution.version if distribution else "?"
        )
        if is_disabled(info):
            info.off = True
            self.plugins.append(info)
            return
        started = monotonic()
        try:
            check_version(list(distribution.requires or []) if distribution else [])
            module = entry.load()
        except VersionError as error:
            info.fail("version", error)
            self.plugins.append(info)
        except (Exception, SystemExit) as error:  # a stranger's module may raise anything; it must not stop this run
            info.fail(f"import of {entry.value!r}", error)
            self.plugins.append(info)
        else:
            self._add(info, module)
        _notice_slowness(info, entry.value, started)

    def _add(self, info: PluginInfo, module: Any) -> None:
        self.plugins.append(info)
        try:
            self._pluggy.register(module, name=info.name)
        except (ValueError, pluggy.PluginValidationError) as error:  # its name is taken, or a hook of it asks for more
            info.fail("hooks", error)
            return
        self._loaded.append((info, module))
        callers = self._pluggy.get_hookcallers(module) or []
        known = [name for name in vars(hooks) if name.startswith("i2ikit_")]
        for caller in callers:
            if not caller.has_spec():
                hint = nearest_hint(caller.name, known)
                info.fail("hooks", PluginError(f"there is no hook {caller.name!r}.{hint}"))
        if not callers:
            forgotten = [name for name in known if hasattr(module, name)]
            hint = f" {forgotten[0]} is not marked with @hookimpl." if forgotten else ""
            info.fail("hooks", PluginError(f"{module!r} has no hook of i2ikit.{hint}"))

    def _ask(
        self, hook: str, arguments: Callable[[PluginInfo], Mapping[str, Any]] = lambda info: {}
    ) -> Iterator[tuple[PluginInfo, Any]]:
        """Call one hook plugin by plugin, so that one that raises costs only its own answer."""
        found = {id(each.plugin): each for each in getattr(self._pluggy.hook, hook).get_hookimpls()}
        for info, module in self._loaded:
            if id(module) not in found:
                continue
            implementation = found[id(module)]
            try:
                given = arguments(info)
                yield info, implementation.function(**{name: given[name] for name in implementation.argnames})
            except (Exception, SystemExit) as error:  # as above
                info.fail(hook, error)

    def _ask_for_list(self, hook: str) -> Iterator[tuple[PluginInfo, list[str | Path]]]:
        """Call one hook plugin by plugin and pass on what is a list of texts or paths."""
        for info, answer in self._ask(hook):
            if isinstance(answer, list | tuple) and all(isinstance(each, str | Path) for each in answer):
                yield info, list(answer)
            else:
                info.fail(hook, PluginError(f"must return a list of texts or paths, not {answer!r}"))

    def components(self) -> list[tuple[PluginInfo, list[str]]]:
        """Return the names of the modules and packages that each plugin says hold its parts; nothing is imported."""
        if self._components is None:
            answers = self._ask_for_list("i2ikit_components")
            self._components = [(info, [str(name) for name in names]) for info, names in answers]
        return self._components

    def load_components(self) -> None:
        """Import every module that holds parts, once."""
        if self._components_loaded:
            return
        self._components_loaded = True
        load_builtin_parts()  # so that the time for PyTorch is not counted as a plugin's
        for info, names in self.components():
            for name in names:
                started = monotonic()
                try:
                    info.modules.extend(module.__name__ for module in import_with_submodules(name))
                except (Exception, SystemExit) as error:
                    if info.name == CORE:
                        raise  # a bug of ours
                    info.fail(f"import of {name!r}", error)
                if info.name != CORE:
                    _notice_slowness(info, name, started)

    def declared(self) -> list[tuple[PluginInfo, Declared]]:
        """Return the parts of all plugins, without importing them where the scan of their source can vouch for them.

        Where it cannot for one plugin, all parts are imported, so that the plugins say truly which of them are broken.
        """
        found: list[tuple[PluginInfo, Declared]] = []
        taken: set[tuple[str, str]] = set()
        certain = True
        for info, names in self.components():
            for name in names:
                result = scan(name)
                keys = [(part.registry, part.name) for part in result.parts]
                certain &= info.name == CORE or (
                    result.plain and taken.isdisjoint(keys) and len(set(keys)) == len(keys)
                )
                taken.update(keys)
                found += [(info, part) for part in result.parts]
        if not certain:
            self.load_components()
        return found

    def config_folders(self) -> list[Path]:
        """Return the folders of configs of all plugins, the built-in one first."""
        return [Path(folder) for _, folders in self._ask_for_list("i2ikit_configs") for folder in folders]

    def config_folders_of(self, package: str) -> list[Path]:
        """Return the folders of configs of the plugin with this name, of the package or of the entry point."""
        wanted = canonicalize_name(package)
        answers = self._ask_for_list("i2ikit_configs")
        return [Path(folder) for info, folders in answers if wanted in info.names for folder in folders]

    def add_commands(self, app_of: Callable[[PluginInfo], "typer.Typer"]) -> None:
        """Let every plugin add its commands to an application of its own, which ``app_of`` makes."""
        for _ in self._ask("i2ikit_commands", lambda info: {"app": app_of(info)}):
            pass

    def owner(self, module: str) -> PluginInfo | None:
        """Return the plugin whose parts live in the module of this name, or None."""
        return next((info for info in self.plugins if module in info.modules), None)

    def problems(self, names: Iterable[str]) -> list[str]:
        """Say which plugins that a config or a checkpoint needs cannot be used, and what to do about each.

        Args:
            names: of packages or entry points; a version may follow, as in ``"i2ikit-foo>=0.2"``.

        Returns:
            one message for each that is not installed, broken, of another version or switched off.
        """
        return [message for name in names if (message := self._problem(name))]

    def _problem(self, name: str) -> str:
        try:
            wanted = Requirement(name)
        except InvalidRequirement:
            return f"{name!r} is no name of a package, such as 'i2ikit-foo' or 'i2ikit-foo>=0.2'"
        found = [info for info in self.plugins if canonicalize_name(wanted.name) in info.names]
        if not found:
            return f"the plugin {wanted.name!r} is not installed: `pip install {_quoted(name)}`"
        info = found[0]
        if not info.off and not info.error and not wanted.specifier.contains(info.version, prereleases=True):
            return f"the plugin {info.title} is not {str(wanted.specifier)!r}: `pip install {_quoted(name)}`"
        return self.complaint(info)

    def complaint(self, info: PluginInfo) -> str:
        """Return what is wrong with a plugin, with its version, the cause and the next step; or an empty string."""
        if info.off:
            return f"the plugin {info.title}, which is switched off by {DISABLE} or --no-plugins"
        if not info.error:
            return ""
        see = "`i2ikit plugins --verbose` shows where."
        return f"the plugin {info.title}, which is broken: {_one_line(info.error)}. {info.advice} {see}"

    def missing_part(self, registry: str, name: str) -> str:
        """Say, for a name that no registry knows, which plugin that cannot be used has it or may have it.

        Returns:
            lines for the end of a message, each with a leading newline, or an empty string if every plugin works.
        """
        unusable = [info for info in self.plugins if info.off or info.error]
        having = {
            info.name
            for info, modules in self.components()
            for module in modules
            if info in unusable and any((part.registry, part.name) == (registry, name) for part in scan(module).parts)
        }
        lines = [
            f"\n  {'It is a part of' if info.name in having else 'It may be a part of'} {self.complaint(info)}"
            for info in unusable
            if info.name in having or not having
        ]
        return "".join(lines)


def _quoted(requirement: str) -> str:
    return f'"{requirement}"' if re.search(r"[<>=!~\s]", requirement) else requirement


def _one_line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def _notice_slowness(info: PluginInfo, what: str, started: float) -> None:
    seconds = monotonic() - started
    if seconds >= SLOW and not info.notice:
        info.notice = f"the import of {what!r} took {seconds:.0f} s"
        logger.warning("the plugin %s is slow: %s", info.title, info.notice)


@cache
def get_manager() -> Manager:
    """Return the one manager of this process."""
    return Manager()


def load_components() -> None:
    """Import the built-in parts and those of every plugin, once a process."""
    get_manager().load_components()
