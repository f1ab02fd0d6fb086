"""Finds plugins, asks their hooks, and keeps a broken one from stopping anybody else."""

import importlib
import pkgutil
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pluggy

from i2ikit import __version__
from i2ikit.errors import PluginError, nearest_hint
from i2ikit.plugin import builtins, hooks

if TYPE_CHECKING:
    import typer


@dataclass
class PluginInfo:
    """One plugin: where it comes from, the modules that hold its parts, and what went wrong with it.

    Attributes:
        name: of the entry point; ``"i2ikit"`` for the built-in parts.
        package: the distribution to `pip install`.
        version: of the distribution.
        modules: names of the modules that were imported for their parts.
        error: one line, or empty.
        details: the traceback of the error, or empty.
    """

    name: str
    package: str
    version: str
    modules: list[str] = field(default_factory=list)
    error: str = ""
    details: str = ""

    def fail(self, stage: str, error: BaseException) -> None:
        """Remember an error; the first one stands."""
        if not self.error:
            self.error = f"{stage}: {type(error).__name__}: {error}"
            self.details = "".join(traceback.format_exception(error))


class Manager:
    """All plugins found here, the built-in parts first; finding them imports only their entry-point modules."""

    def __init__(self) -> None:
        self.plugins: list[PluginInfo] = []
        self._loaded: list[tuple[PluginInfo, Any]] = []
        self._pluggy = pluggy.PluginManager(hooks.GROUP)
        self._pluggy.add_hookspecs(hooks)
        self._components_loaded = False
        self._add(PluginInfo("i2ikit", "i2ikit", __version__), builtins)
        for entry in sorted(entry_points(group=hooks.GROUP), key=lambda entry: entry.name):
            self._add_entry_point(entry)

    def _add_entry_point(self, entry: EntryPoint) -> None:
        distribution = entry.dist
        info = PluginInfo(
            entry.name, distribution.name if distribution else "?", distribution.version if distribution else "?"
        )
        try:
            module = entry.load()
        except (Exception, SystemExit) as error:  # a stranger's module may raise anything; it must not stop this run
            info.fail(f"import of {entry.value!r}", error)
            self.plugins.append(info)
        else:
            self._add(info, module)

    def _add(self, info: PluginInfo, module: Any) -> None:
        self.plugins.append(info)
        try:
            self._pluggy.register(module, name=info.name)
        except (ValueError, pluggy.PluginValidationError) as error:  # its name is taken, or a hook of it asks for more
            info.fail("hooks", error)
            return
        self._loaded.append((info, module))
        for caller in self._pluggy.get_hookcallers(module) or []:
            if not caller.has_spec():
                hint = nearest_hint(caller.name, [name for name in vars(hooks) if name.startswith("i2ikit_")])
                info.fail("hooks", PluginError(f"there is no hook {caller.name!r}.{hint}"))

    def _ask(self, hook: str, **arguments: Any) -> Iterator[tuple[PluginInfo, Any]]:
        """Call one hook plugin by plugin, so that one that raises costs only its own answer."""
        found = {id(each.plugin): each for each in getattr(self._pluggy.hook, hook).get_hookimpls()}
        for info, module in self._loaded:
            if id(module) not in found:
                continue
            implementation = found[id(module)]
            try:
                yield info, implementation.function(**{name: arguments[name] for name in implementation.argnames})
            except (Exception, SystemExit) as error:  # as above
                info.fail(hook, error)

    def _ask_for_list(self, hook: str) -> Iterator[tuple[PluginInfo, list[str | Path]]]:
        """Call one hook plugin by plugin and pass on what is a list of texts or paths."""
        for info, answer in self._ask(hook):
            if isinstance(answer, list | tuple) and all(isinstance(each, str | Path) for each in answer):
                yield info, list(answer)
            else:
                info.fail(hook, PluginError(f"must return a list of texts or paths, not {answer!r}"))

    def load_components(self) -> None:
        """Import every module that holds parts, once."""
        if self._components_loaded:
            return
        self._components_loaded = True
        for info, names in self._ask_for_list("i2ikit_components"):
            for name in names:
                try:
                    info.modules.extend(module.__name__ for module in _import_with_submodules(str(name)))
                except (Exception, SystemExit) as error:
                    if info.name == "i2ikit":
                        raise  # a bug of ours
                    info.fail(f"import of {name!r}", error)

    def config_folders(self) -> list[Path]:
        """Return the folders of configs of all plugins, the built-in one first."""
        return [Path(folder) for _, folders in self._ask_for_list("i2ikit_configs") for folder in folders]

    def add_commands(self, app: "typer.Typer") -> None:
        """Let every plugin add its commands to ``app``."""
        for _ in self._ask("i2ikit_commands", app=app):
            pass

    def owner(self, module: str) -> PluginInfo | None:
        """Return the plugin whose parts live in the module of this name, or None."""
        return next((info for info in self.plugins if module in info.modules), None)


def _import_with_submodules(name: str) -> Iterator[ModuleType]:
    module = importlib.import_module(name)
    yield module
    for found in pkgutil.iter_modules(getattr(module, "__path__", [])):
        yield from _import_with_submodules(f"{name}.{found.name}")


@cache
def load_builtin_parts() -> None:
    """Import the built-in parts, and nobody else's."""
    for package in builtins.i2ikit_components():
        for _ in _import_with_submodules(package):
            pass


@cache
def get_manager() -> Manager:
    """Return the one manager of this process."""
    return Manager()


def load_components() -> None:
    """Import the built-in parts and those of every plugin, once a process."""
    get_manager().load_components()
