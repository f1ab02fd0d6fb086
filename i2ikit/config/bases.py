"""Where the files lie that a config inherits from: beside it, or in a folder of configs that a package brings."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from i2ikit.errors import ConfigError, nearest_hint
from i2ikit.plugin.manager import get_manager

BASE = "_base_"
SEPARATOR = "::"  # between the name of a package and the path of a file in its folders of configs


def shown(path: Path) -> str:
    """Return a path as a message shows it: relative to the working directory where it lies below that."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def find_bases(path: Path, tree: ast.Module) -> Iterator[Path]:
    """Yield the files that a config inherits from, in its order.

    A name is a path relative to the config's own folder, or ``"PACKAGE::PATH"``: a file in one of the folders of
    configs that the installed package brings, such as ``"i2ikit::_base_/methods/cut.py"``.

    Args:
        path: the config.
        tree: its syntax tree.

    Raises:
        ConfigError: ``_base_`` is not text, or names a file or a package that is not there.
    """
    node = _statement(tree)
    if node is None:
        return
    where = f"line {node.lineno}: _base_"
    try:
        named = ast.literal_eval(node.value)
    except ValueError:
        named = None
    named = [named] if isinstance(named, str) else named
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise ConfigError(shown(path), [f"{where} must be the path of a file, or a list of paths, in quotes"])
    for name in named:
        folders, inside = _places(path, name, where)
        found = [folder / inside for folder in folders if (folder / inside).is_file()]
        if not found:
            raise ConfigError(shown(path), [f"{where} names {name!r}, but {_lack(folders, inside)}"])
        yield found[0]


def _places(path: Path, name: str, where: str) -> tuple[list[Path], str]:
    """Return the folders in which a base is looked for, and its path in them."""
    package, separator, inside = name.rpartition(SEPARATOR)
    if not separator:
        return [path.parent], name
    folders = get_manager().config_folders_of(package)
    if not folders:
        problem = "; ".join(get_manager().problems([package])) or f"the plugin {package!r} brings no configs"
        raise ConfigError(shown(path), [f"{where} names {name!r}, but {problem}"])
    return folders, inside


def _lack(folders: list[Path], inside: str) -> str:
    """Say which file is missing, with the nearest names of those that lie where it should."""
    wanted = (folders[0] / inside).resolve()
    beside = [file.name for folder in folders for file in (folder / inside).parent.glob("*.py")]
    return f"there is no {shown(wanted)}.{nearest_hint(wanted.name, beside)}"


def _statement(tree: ast.Module) -> ast.Assign | None:
    """Return the statement that sets ``_base_``, or None."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == BASE:
            return node
    return None


def names_packages(tree: ast.Module) -> bool:
    """Say whether a config itself inherits from files that it names by their package."""
    node = _statement(tree)
    return node is not None and SEPARATOR in ast.unparse(node.value)


def with_bases(source: str, tree: ast.Module, paths: Sequence[Path]) -> str:
    """Return the source of a config with these paths as its ``_base_``, every statement on its old line."""
    node = _statement(tree)
    if node is None or node.end_lineno is None:
        return source
    lines = source.split("\n")
    before = lines[node.lineno - 1].encode()[: node.col_offset].decode()
    after = lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
    statement = f"{before}{BASE} = {[str(path) for path in paths]!r}{after}"
    empty = [""] * (node.end_lineno - node.lineno)
    return "\n".join([*lines[: node.lineno - 1], statement, *empty, *lines[node.end_lineno :]])
