"""Reads one config file with the files it inherits from; every error names the file and the line."""

import ast
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from i2ikit.argument_types import shown as shown_value
from i2ikit.argument_types import wrong_number
from i2ikit.config.find import BASE, base_statement, find_bases
from i2ikit.config.imports import IMPORTS, installed_modules, locate_imports
from i2ikit.config.key_paths import Keys, existing, holds, line_of, lookup, shown, split
from i2ikit.errors import ConfigError, I2IKitError, nearest_hint

DELETE = "_delete_"  # in a dict: it replaces the inherited one
LENGTHS = ("epochs", "steps")
DEEPEST = 64  # dicts and lists inside each other
REMEDY = "A config is plain Python: dicts, lists, numbers, text, True, False and None, and `_base_` for inheritance."


@dataclass(frozen=True)
class ConfigFile:
    """One file of a config's chain of inheritance.

    Attributes:
        path: absolute.
        values: the sections, merged with those of the files before it: plain dicts, lists, numbers, text, booleans and
            None.
        helpers: names that only help to write a config, in capitals, with those of the files before: ``_base_.NAME``.
        before: the file on top of which it was read: the last of its bases, or what was listed before it.
        tree: its syntax tree, for line numbers.
    """

    path: Path
    values: dict[str, Any]
    helpers: dict[str, Any]
    before: "ConfigFile | None"
    tree: ast.Module

    def chain(self) -> Iterator[Path]:
        """Yield the path of this file and of all files before it, the last one first."""
        file: ConfigFile | None = self
        while file is not None:
            yield file.path
            file = file.before

    def owner(self, keys: Keys) -> "ConfigFile":
        """Return the file of the chain that sets the value under ``keys``, which this file has.

        The files before it set it if they have the same value there. Where several files set parts of a dict, its owner
        is the last of them.
        """
        before = self.before
        if before is None or not keys or not holds(before.values, keys):
            return self
        same = lookup(before.values, keys) == lookup(self.values, keys)
        return before.owner(keys) if same or line_of(self.tree, keys) is None else self

    def origin(self, path: str) -> str:
        """Return where a key path is set, as ``configs/cut/stripes.py:12``; for a missing key, where its dict is."""
        keys = existing(self.values, split(path))
        file = self.owner(keys)
        line = line_of(file.tree, keys)
        return f"{shown(file.path)}:{line}" if line else shown(file.path)


class Names(dict[str, Any]):
    """What ``_base_`` is inside a config: ``_base_.optimizer.lr``, or ``_base_["optimizer"]["lr"]``."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"no base sets {name!r}.{nearest_hint(name, self)}".removesuffix("."))


def read_config_file(path: Path, above: tuple[Path, ...] = (), before: ConfigFile | None = None) -> ConfigFile:
    """Run one config file after its bases, each once. Every file sees what those before it set, and changes it.

    The bases run in the order in which they are listed, each after its own bases. A dict changes single keys of the
    dict that is there, unless it has ``_delete_=True``; every other value replaces what is there.

    Args:
        path: a Python file.
        above: the files that inherit from this one, to find a circle.
        before: what this file, with its bases, sees and changes.

    Raises:
        ConfigError: the file or a base is missing, is not Python, does not run, or holds what JSON cannot hold.
    """
    path = path.resolve()
    if path in above:
        circle = " -> ".join(shown(file) for file in (*above[above.index(path) :], path))
        raise ConfigError(shown(path), [f"the files inherit in a circle: {circle}"])
    tree = _parse(path)
    before = read_in_order(find_bases(path, tree), path, (*above, path), before)
    values, helpers = (before.values, before.helpers) if before is not None else ({}, {})
    names = _execute(path, tree, _names({**helpers, **values}))
    own = {name: value for name, value in names.items() if not _is_helper(name, value)}
    helpers = helpers | {name: value for name, value in names.items() if name not in own and not name.startswith("_")}
    return ConfigFile(path, _inherit(path, tree, values, own), helpers, before, tree)


def read_in_order(
    paths: Iterable[Path],
    reader: Path,
    above: tuple[Path, ...] = (),
    before: ConfigFile | None = None,
    listed: str = BASE,
) -> ConfigFile | None:
    """Read config files, each on top of those before it, and return the last one; ``before`` if there are none.

    Args:
        paths: Python files.
        reader: the file that lists them, for messages.
        above, before: see :func:`read_config_file`.
        listed: what lists them, for messages: ``_base_`` or ``--recipe``.

    Raises:
        ConfigError: one cannot be read, or two of them bring the same file: the later one would undo what the earlier
            one changes in it.
    """
    owners: dict[Path, Path] = {}
    for path in paths:
        file = read_config_file(path, above, before)
        known = sum(1 for _ in before.chain()) if before is not None else 0
        brought = list(file.chain())
        brought = brought[: len(brought) - known]
        for each in brought:
            if each in owners:
                first, second = shown(owners[each]), shown(file.path)
                wrong = f"{first} and {second} both bring {shown(each)}; let one inherit from the other"
                if each == file.path:
                    wrong = f"{first} brings {second} already; leave {file.path.stem} out of {listed}"
                raise ConfigError(shown(reader), [f"{listed}: {wrong}"])
        owners |= dict.fromkeys(brought, file.path)
        before = file
    return before


def _parse(path: Path) -> ast.Module:
    if not path.is_file():
        raise ConfigError(shown(path), ["there is no such file"])
    if path.suffix != ".py":
        raise ConfigError(
            shown(path), [f"a config is a Python file (.py), not {path.suffix or 'a file without extension'}"]
        )
    try:
        tree = ast.parse(path.read_text(encoding="utf-8-sig"))
    except SyntaxError as error:
        text = (error.text or "").strip()
        at = f" at `{text}`" if text else ""
        raise ConfigError(shown(path), [f"line {error.lineno}: not valid Python: {error.msg}{at}"]) from None
    except ValueError as error:  # null bytes, or not UTF-8
        raise ConfigError(shown(path), [f"this is not a text file of Python: {error}"]) from None
    except OSError as error:
        raise ConfigError(shown(path), [f"the file cannot be read: {error.strerror}"]) from None
    except (RecursionError, MemoryError):
        raise ConfigError(shown(path), ["its expressions are nested too deeply"]) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any("register_module" in ast.dump(mark) for mark in node.decorator_list):
            advice = f'put the class {node.name} into a file of its own, say parts.py, and write {IMPORTS}=["parts.py"]'
            raise ConfigError(shown(path), [f"line {node.lineno}: a config registers no parts: {advice}"])
        if isinstance(node, ast.With) or (isinstance(node, ast.ImportFrom) and node.level):
            advice = (
                'inherit with `_base_ = ["../_base_/file.py"]`; mmengine\'s `with read_base()` and relative imports'
            )
            raise ConfigError(shown(path), [f"line {node.lineno}: {advice} are not used here"])
    return tree


def _names(value: Any) -> Any:
    """Return a copy of a value whose dicts can be read by attribute, so that no config changes its bases."""
    if isinstance(value, Mapping):
        return Names({key: _names(item) for key, item in value.items()})
    return type(value)(map(_names, value)) if type(value) in (list, tuple) else value


def _execute(path: Path, tree: ast.Module, base: Names) -> dict[str, Any]:
    """Run one file, without the statement that sets ``_base_``, and return the names it sets."""
    statement = base_statement(tree)
    body = ast.Module([node for node in tree.body if node is not statement], [])
    names: dict[str, Any] = {BASE: base}
    try:
        with installed_modules():
            exec(compile(body, str(path), "exec", dont_inherit=True), names)
    except BaseException as error:  # a file may raise anything
        if type(error) is KeyboardInterrupt:
            raise
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        where = f"line {lines[-1]}: " if lines else ""
        if isinstance(error, I2IKitError):  # for users: a recipe does not suit the config
            raise ConfigError(shown(path), [f"{where}{error}"]) from None
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        named = f"{getattr(error, 'name', '')}.py" if isinstance(error, ModuleNotFoundError) else ""
        advice = f' A file with parts of your own is not imported but listed: {IMPORTS}=["{named}"].' if named else ""
        raise ConfigError(shown(path), [f"{where}{reason}. {REMEDY}{advice}"]) from None
    return names


def _is_helper(name: str, value: Any) -> bool:
    """Return whether a name only helps to write a config: in capitals, with an underscore, a module or a function."""
    return name.startswith("_") or name.isupper() or isinstance(value, ModuleType) or callable(value)


def _inherit(path: Path, tree: ast.Module, inherited: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a file sets over what it inherits, checked to be plain values."""
    errors: list[str] = []
    clashes: list[Keys] = []
    try:
        plain = _plain(own, "", errors)
    except RecursionError:
        raise ConfigError(shown(path), [f"values are nested deeper than {DEEPEST}, or one contains itself"]) from None
    except Exception as error:  # dicts, lists and texts may be of classes of the user's own
        raise ConfigError(shown(path), [f"its values cannot be read: {type(error).__name__}. {REMEDY}"]) from None
    merged = _layer(inherited, locate_imports(plain, path.parent), clashes)
    errors += [
        f"line {line_of(tree, keys)}: {'.'.join(keys)}: a dict cannot inherit from {lookup(inherited, keys)!r}; "
        f"write `{DELETE}=True` in it to replace that value"
        for keys in clashes
    ]
    if errors:
        raise ConfigError(shown(path), errors)
    return merged


def _plain(value: Any, path: str, errors: list[str]) -> Any:
    """Return a value as JSON would return it, with lists for tuples; collect what JSON cannot hold.

    Raises:
        RecursionError: it is nested too deeply.
    """
    if path.count(".") > DEEPEST:
        raise RecursionError
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                errors.append(
                    f"{path}: the key {shown_value(key)} must be text, since a checkpoint keeps the config as JSON"
                )
        return {key: _plain(item, f"{path}.{key}".lstrip("."), errors) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{path}.{index}", errors) for index, item in enumerate(value)]
    if wrong_number(value):
        errors.append(f"{path} {wrong_number(value)}")
        return None
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if value is not None:
        isclass = isinstance(value, type)
        what = f"the class {value.__name__}: write its name in quotes" if isclass else shown_value(value)
        errors.append(f"{path} must be a number, text, True, False, None, a list or a dict, not {what}")
    return value


def _layer(inherited: dict[str, Any], own: dict[str, Any], clashes: list[Keys]) -> dict[str, Any]:
    """Merge sections; files of ``imports`` add up, and a length of the training replaces the inherited one.

    That holds whichever of its two keys the inherited length has.
    """
    listed = [section[IMPORTS] for section in (inherited, own) if IMPORTS in section]
    if len(listed) == 2 and all(isinstance(files, list) for files in listed):
        own = {**own, IMPORTS: [*listed[0], *(file for file in listed[1] if file not in listed[0])]}
    train = inherited.get("train")
    if isinstance(train, dict) and isinstance(own.get("train"), dict) and any(key in own["train"] for key in LENGTHS):
        inherited = {**inherited, "train": {key: value for key, value in train.items() if key not in LENGTHS}}
    merged: dict[str, Any] = _merge(inherited, own, (), clashes)
    return merged


def _merge(inherited: Any, own: Any, keys: Keys, clashes: list[Keys]) -> Any:
    """Return ``own`` over ``inherited``, key by key; collect where a dict meets a value without keys to change."""
    if isinstance(own, list):
        return [_merge(None, item, keys, clashes) for item in own]
    if not isinstance(own, dict):
        return own
    if own.get(DELETE) or inherited is None:
        inherited = {}
    if not isinstance(inherited, dict):
        clashes.append(keys)
        inherited = {}
    changed = {key: _merge(inherited.get(key), own[key], (*keys, key), clashes) for key in own if key != DELETE}
    return {**inherited, **changed}
