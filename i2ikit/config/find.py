"""Finds the file of a config, by path or by packaged name, and the files that it inherits from."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from i2ikit.config.key_paths import shown
from i2ikit.errors import ConfigError, nearest_hint
from i2ikit.files import expanded
from i2ikit.plugin.info import CORE
from i2ikit.plugin.manager import get_manager

BASE = "_base_"
SEPARATOR = "::"  # between the name of a package and the path of a file in its folders of configs


def packaged_configs() -> dict[str, Path]:
    """Return the packaged configs by name, such as ``enco/horse2zebra``.

    One that has its name from two plugins, or from a plugin and i2ikit, which keeps it, is called ``PACKAGE::NAME``.
    """
    found: dict[str, dict[str, Path]] = {}  # files by package, by name
    for info, folder in get_manager().folders_by_plugin():
        for path in sorted(folder.rglob("*.py")):
            name = path.relative_to(folder).with_suffix("").as_posix()
            if "_base_" not in path.relative_to(folder).parts:
                found.setdefault(name, {}).setdefault(info.package, path)
    return {
        name if len(files) == 1 or package == CORE else f"{package}{SEPARATOR}{name}": path
        for name, files in found.items()
        for package, path in files.items()
    }


def find_config(name: str | Path) -> Path:
    """Return the file of a config.

    Args:
        name: a path, or a packaged config's name (``enco/horse2zebra``, with or without ``.py``, alone or behind the
            package that brings it: ``i2ikit::enco/horse2zebra``); a file of that path has priority.

    Raises:
        ConfigError: neither exists; the message has the nearest names; or two plugins bring a config of that name.
    """
    path = expanded(name)
    if path.is_file():
        return path
    packaged = packaged_configs()
    wanted = path.with_suffix("").as_posix() if path.suffix == ".py" else path.as_posix()
    if wanted in packaged:
        return packaged[wanted]
    package, separator, inside = wanted.rpartition(SEPARATOR)
    if separator:
        file, problem = _locate(package, f"{inside}.py")
        if file is None:
            raise ConfigError(str(name), [problem])
        return file
    twins = [each for each in packaged if each.endswith(f"{SEPARATOR}{wanted}")]
    if twins:
        raise ConfigError(str(name), [f"several plugins bring a config of that name: write {' or '.join(twins)}"])
    if path.is_dir():
        raise ConfigError(str(name), ["it is a folder; a config is a file in it, such as horse2zebra.py"])
    wanted = wanted.removeprefix("configs/")
    hint = nearest_hint(wanted, packaged) + _plugin_hint(wanted, packaged)
    raise ConfigError(
        str(name),
        [f"there is no such file and no packaged config of that name.{hint} See them with `i2ikit list configs`."],
    )


def _plugin_hint(name: str, packaged: Iterable[str]) -> str:
    """Return a hint for a config of an unknown method: the package that may bring it.

    By convention a package ``i2ikit-foo`` brings the methods in folders ``foo`` and ``foo_...``.
    """
    method, _, _ = name.partition("/")
    if not re.fullmatch(r"[a-z][a-z0-9_]*/[a-z0-9_]+", name) or method in {each.partition("/")[0] for each in packaged}:
        return ""
    package = f"i2ikit-{method.partition('_')[0]}"
    return f" If a plugin brings it, install the plugin: `pip install {package}`."


def base_statement(tree: ast.Module) -> ast.Assign | None:
    """Return the statement that sets ``_base_``, or None."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == BASE:
            return node
    return None


def find_bases(path: Path, tree: ast.Module) -> Iterator[Path]:
    """Yield the files that a config inherits from, in its order.

    A name is a path relative to the config's own folder, or ``"PACKAGE::PATH"``: a file in one of the folders of
    configs of an installed package, such as ``"i2ikit::_base_/methods/cut.py"``.

    Args:
        path: the config.
        tree: its syntax tree.

    Raises:
        ConfigError: ``_base_`` is not text, or names a file or a package that does not exist.
    """
    node = base_statement(tree)
    if node is None:
        return
    where = f"line {node.lineno}: {BASE}"
    try:
        named = ast.literal_eval(node.value)
    except ValueError:
        named = None
    named = [named] if isinstance(named, str) else named
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise ConfigError(shown(path), [f"{where} must be the path of a file, or a list of paths, in quotes"])
    for name in named:
        package, separator, inside = name.rpartition(SEPARATOR)
        found, problem = _locate(package, inside) if separator else _choose([path.parent], name)
        if found is None:
            raise ConfigError(shown(path), [f"{where} names {name!r}, but {problem}"])
        yield found


def _locate(package: str, inside: str) -> tuple[Path | None, str]:
    """Return the file of this path in the folders of configs of a package, or None and what is wrong.

    What is wrong names another package that has such a file.
    """
    folders = get_manager().config_folders(package)
    problem = "" if folders else get_manager().problem(package) or f"the plugin {package!r} brings no configs"
    if problem:
        return None, problem
    found, problem = _choose(folders, inside)
    others = [info.package for info, folder in get_manager().folders_by_plugin() if (folder / inside).is_file()]
    if found is None and others:
        problem += f" {others[0]} has one: write {others[0]}{SEPARATOR}{inside}."
    return found, problem


def _choose(folders: Sequence[Path], inside: str) -> tuple[Path | None, str]:
    """Return the file of this path in the first of the folders that has it, or None and the nearest names."""
    found = next((folder / expanded(inside) for folder in folders if (folder / expanded(inside)).is_file()), None)
    wanted = (folders[0] / inside).resolve()
    beside = [file.name for folder in folders for file in (folder / inside).parent.glob("*.py")]
    return found, "" if found else f"there is no {shown(wanted)}.{nearest_hint(wanted.name, beside)}"
