"""Finds plugins and calls their hooks; an error in one plugin does not affect the others."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from itertools import chain
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import pluggy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from i2ikit.errors import PluginError, nearest_hint
from i2ikit.plugin import builtins, hooks
from i2ikit.plugin.builtins import import_with_submodules, load_builtin_parts
from i2ikit.plugin.info import CORE, PluginInfo, VersionError, check_version, is_disabled, unknown_disabled_names
from i2ikit.version import __version__

if TYPE_CHECKING:
    import typer

SLOW = 5.0  # seconds; an import that takes longer is reported
logger = logging.getLogger(__name__)


class Manager:
    """All installed plugins, the built-in parts first. Finding them imports only their entry-point modules."""

    def __init__(self) -> None:
        self.plugins = [PluginInfo(CORE, CORE, __version__)]
        self._pluggy = pluggy.PluginManager(hooks.GROUP)
        self._pluggy.add_hookspecs(hooks)
        self._registered: dict[str, PluginInfo] = {}
        self._components_loaded = False
        self._add(self.plugins[0], builtins)
        for entry in sorted(entry_points(group=hooks.GROUP), key=lambda entry: entry.name):
            self._add_entry_point(entry)
        for message in unknown_disabled_names(self.plugins[1:]):
            logger.warning(message)

    def _add_entry_point(self, entry: EntryPoint) -> None:
        distribution = entry.dist
        package, version = (distribution.name, distribution.version) if distribution else ("?", "?")
        info = PluginInfo(entry.name, package, version, entry.module.partition(".")[0])
        self.plugins.append(info)
        info.off = is_disabled(info)
        if info.off:
            return
        with _importing(info, entry.value):
            check_version(list(distribution.requires or []) if distribution else [])
            self._add(info, entry.load())

    def _add(self, info: PluginInfo, module: Any) -> None:
        twin = self._twin(info, module)
        if twin:
            info.fail("entry point", PluginError(twin))
            return
        self._registered[info.name] = info
        try:
            self._pluggy.register(module, name=info.name)
        except pluggy.PluginValidationError as error:  # a hook with wrong arguments
            info.fail("hooks", error)
            return
        callers = self._pluggy.get_hookcallers(module) or []
        known = [name for name in vars(hooks) if name.startswith("i2ikit_")]
        ordered = [caller.name for caller in callers if _is_ordered(caller, info.name)]
        if ordered:
            self._pluggy.unregister(module)
            reason = "plugins are called one by one, in the order of their names. Write @hookimpl without arguments"
            info.fail("hooks", PluginError(f"{ordered[0]} is marked with tryfirst, trylast or a wrapper, but {reason}"))
            return
        for caller in callers:
            if not caller.has_spec():
                hint = nearest_hint(caller.name, known)
                info.fail("hooks", PluginError(f"there is no hook {caller.name!r}.{hint}"))
        if not callers:
            forgotten = [name for name in known if hasattr(module, name)]
            hint = f" {forgotten[0]} is not marked with @hookimpl." if forgotten else ""
            info.fail("hooks", PluginError(f"{module!r} has no hook of i2ikit.{hint}"))

    def _twin(self, info: PluginInfo, module: Any) -> str:
        """Return why a plugin cannot be told from one that is registered, or an empty string."""
        for name, found in self._pluggy.list_name_plugin():
            other = self._registered[name]
            if name == info.name:
                remedy = "Its authors have to rename one of them; until then uninstall one of the two packages"
                return f"{name!r} is an entry point of {other.package} {other.version} too. {remedy}"
            if found is module:
                return f"it names the same module as the entry point {name!r} of {other.package} {other.version}"
        return ""

    def _call(
        self, hook: str, arguments: Callable[[PluginInfo], Mapping[str, Any]] = lambda info: {}
    ) -> Iterator[tuple[PluginInfo, Any]]:
        """Call one hook plugin by plugin, and yield what each returns; one that raises is marked as broken."""
        for implementation in getattr(self._pluggy.hook, hook).get_hookimpls():
            info = self._registered[implementation.plugin_name]
            results = []
            with _recorded(info, hook):
                given = arguments(info)
                results.append(implementation.function(**{name: given[name] for name in implementation.argnames}))
            for result in results:  # outside of the block: an error of the caller is not the plugin's
                yield info, result

    def _call_for_list(self, hook: str) -> Iterator[tuple[PluginInfo, list[str | Path]]]:
        """Call one hook plugin by plugin, and yield the results that are lists of strings or paths."""
        for info, result in self._call(hook):
            if isinstance(result, list | tuple) and all(isinstance(each, str | Path) for each in result):
                yield info, list(result)
            else:
                info.fail(hook, PluginError(f"must return a list of strings or paths, not {result!r}"))

    def load_components(self) -> None:
        """Import every module that holds parts, those of the core and of every plugin, once."""
        if self._components_loaded:
            return
        self._components_loaded = True
        load_builtin_parts()  # first: an error in them stops the run, and no plugin is slow because of PyTorch
        for info, names in self._call_for_list("i2ikit_components"):
            for name in map(str, names):
                with _importing(info, name):
                    found = import_with_submodules(name, partial(_import_recorded, info))
                    info.modules.extend(module.__name__ for module in found)

    def config_folders(self, package: str = "") -> list[Path]:
        """Return the folders of configs of all plugins, the built-in one first, or of one package or entry point."""
        wanted = canonicalize_name(package)
        return [folder for info, folder in self.folders_by_plugin() if not wanted or wanted in info.names]

    def folders_by_plugin(self) -> list[tuple[PluginInfo, Path]]:
        """Return the folders of configs with the plugins that bring them, the built-in one first."""
        found = self._call_for_list("i2ikit_configs")
        return [(info, Path(folder)) for info, folders in found for folder in folders]

    def add_commands(self, app_of: Callable[[PluginInfo], "typer.Typer"]) -> None:
        """Let every plugin add its commands to an application of its own, which ``app_of`` makes."""
        for _ in self._call("i2ikit_commands", lambda info: {"app": app_of(info)}):
            pass

    def owner(self, module: str) -> PluginInfo | None:
        """Return the plugin that the module of this name belongs to, or None."""
        own = (info for info in self.plugins if module in info.modules)
        beside = (info for info in self.plugins if info.root and info.root == module.partition(".")[0])
        return next(chain(own, beside), None)

    def problem(self, name: str) -> str:
        """Return why a required plugin cannot be used, with the next step, or an empty string.

        Args:
            name: of a package or an entry point; a version may follow, as in ``"i2ikit-foo>=0.2"``.
        """
        try:
            wanted = Requirement(name)
        except InvalidRequirement:
            wanted = None
        if wanted is None or wanted.url or wanted.marker or wanted.extras:
            return f"{name!r} is not the name of a package, such as 'i2ikit-foo' or 'i2ikit-foo>=0.2'"
        install = f'"{wanted}"' if wanted.specifier else wanted.name
        found = [info for info in self.plugins if canonicalize_name(wanted.name) in info.names]
        if not found:
            return f"the plugin {wanted.name!r} is not installed: `pip install {install}`"
        info = found[0]
        if info.state == "ready" and not wanted.specifier.contains(info.version, prereleases=True):
            return f"the plugin {info.title} is not {str(wanted.specifier)!r}: `pip install {install}`"
        return info.complaint

    def unusable(self, what: str) -> str:
        """Return lines for the end of a message about a missing part or command, one per plugin that may have it.

        Args:
            what: ``"part"`` or ``"command"``.

        Returns:
            lines that each begin with a newline; empty if every plugin is ready.
        """
        return "".join(f"\n  It may be a {what} of {info.complaint}" for info in self.plugins if info.complaint)


def _is_ordered(caller: pluggy.HookCaller, name: str) -> bool:
    """Return whether a plugin asks for a place of one of its hooks among those of others."""
    own = (each for each in caller.get_hookimpls() if each.plugin_name == name)
    return any(each.tryfirst or each.trylast or each.wrapper or each.hookwrapper for each in own)


@contextmanager
def _recorded(info: PluginInfo, stage: str) -> Iterator[None]:
    """Mark a plugin as broken by whatever the block raises, except for Ctrl-C: third-party code may raise anything.

    What it prints goes to standard error: standard output may be a file of a config or of JSON.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except BaseException as error:
        if type(error) is KeyboardInterrupt:
            raise
        info.fail("version" if isinstance(error, VersionError) else stage, error)


def _import_recorded(info: PluginInfo, what: str) -> AbstractContextManager[object]:
    """Mark a plugin as broken if its import fails."""
    return _recorded(info, f"import of {what!r}")


@contextmanager
def _importing(info: PluginInfo, what: str) -> Iterator[None]:
    """Mark a plugin as broken if its import fails, and as slow if it takes long."""
    started = monotonic()
    with _import_recorded(info, what):
        yield
    seconds = monotonic() - started
    if seconds >= SLOW and not info.notice:
        info.notice = f"the import of {what!r} took {seconds:.0f} s"
        logger.warning("the plugin %s is slow: %s", info.title, info.notice)


@cache
def get_manager() -> Manager:
    """Return the one manager of this process."""
    return Manager()
