"""Finds plugins and calls their hooks; an error in one plugin does not affect the others."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, entry_points
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
        self._components_loaded = False
        self._add(self.plugins[0], builtins)
        for entry in sorted(entry_points(group=hooks.GROUP), key=lambda entry: entry.name):
            self._add_entry_point(entry)
        for message in unknown_disabled_names(self.plugins[1:]):
            logger.warning(message)

    def _add_entry_point(self, entry: EntryPoint) -> None:
        distribution = entry.dist
        package, version = (distribution.name, distribution.version) if distribution else ("?", "?")
        info = PluginInfo(entry.name, package, version)
        self.plugins.append(info)
        info.off = is_disabled(info)
        if info.off:
            return
        with _importing(info, entry.value):
            check_version(list(distribution.requires or []) if distribution else [])
            self._add(info, entry.load())

    def _add(self, info: PluginInfo, module: Any) -> None:
        try:
            self._pluggy.register(module, name=info.name)
        except (ValueError, pluggy.PluginValidationError) as error:  # a duplicate name, or a hook with wrong arguments
            info.fail("hooks", error)
            return
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

    def _call(
        self, hook: str, arguments: Callable[[PluginInfo], Mapping[str, Any]] = lambda info: {}
    ) -> Iterator[tuple[PluginInfo, Any]]:
        """Call one hook plugin by plugin, and yield what each returns; one that raises is marked as broken."""
        infos = {info.name: info for info in reversed(self.plugins)}  # of equal names the first one is registered
        for implementation in getattr(self._pluggy.hook, hook).get_hookimpls():
            info = infos[implementation.plugin_name]
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
                    info.modules.extend(module.__name__ for module in import_with_submodules(name))

    def config_folders(self, package: str = "") -> list[Path]:
        """Return the folders of configs of all plugins, the built-in one first, or of one package or entry point."""
        wanted = canonicalize_name(package)
        found = self._call_for_list("i2ikit_configs")
        return [Path(folder) for info, folders in found if not wanted or wanted in info.names for folder in folders]

    def add_commands(self, app_of: Callable[[PluginInfo], "typer.Typer"]) -> None:
        """Let every plugin add its commands to an application of its own, which ``app_of`` makes."""
        for _ in self._call("i2ikit_commands", lambda info: {"app": app_of(info)}):
            pass

    def owner(self, module: str) -> PluginInfo | None:
        """Return the plugin whose parts are in the module of this name, or None."""
        return next((info for info in self.plugins if module in info.modules), None)

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


@contextmanager
def _recorded(info: PluginInfo, stage: str) -> Iterator[None]:
    """Mark a plugin as broken by whatever the block raises, except for Ctrl-C: third-party code may raise anything."""
    try:
        yield
    except BaseException as error:
        if type(error) is KeyboardInterrupt:
            raise
        info.fail("version" if isinstance(error, VersionError) else stage, error)


@contextmanager
def _importing(info: PluginInfo, what: str) -> Iterator[None]:
    """Mark a plugin as broken if its import fails, and as slow if it takes long."""
    started = monotonic()
    with _recorded(info, f"import of {what!r}"):
        yield
    seconds = monotonic() - started
    if seconds >= SLOW and not info.notice:
        info.notice = f"the import of {what!r} took {seconds:.0f} s"
        logger.warning("the plugin %s is slow: %s", info.title, info.notice)


@cache
def get_manager() -> Manager:
    """Return the one manager of this process."""
    return Manager()
