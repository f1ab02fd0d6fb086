"""Reads one config file with the files it inherits from, through mmengine, and says in helpful words what is wrong."""

import ast
import gc
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from i2ikit.config.bases import find_bases, names_packages, shown, with_bases
from i2ikit.errors import ConfigError

MARKS = ("_delete_", "_scope_")  # mmengine's own keys, which it leaves in some dicts after merging
LENGTHS = ("epochs", "steps")
REMEDY = "A config is plain Python: dicts, lists, numbers, text, True, False and None, and `_base_` for inheritance."


@dataclass(frozen=True)
class ConfigFile:
    """One file of a config's chain of inheritance.

    Attributes:
        path: where it lies, absolute.
        values: what the file says together with its bases: plain dicts, lists, numbers, text, booleans and None.
        merged: the same before ``train.epochs`` and ``train.steps`` were told apart.
        bases: the files named by its ``_base_``.
        tree: its syntax tree, for line numbers.
    """

    path: Path
    values: dict[str, Any]
    merged: dict[str, Any]
    bases: tuple["ConfigFile", ...]
    tree: ast.Module


def read_config_file(path: Path, above: tuple[Path, ...] = ()) -> ConfigFile:
    """Read one config file and its bases.

    Args:
        path: a Python file.
        above: the files that inherit from this one, to notice a circle.

    Raises:
        ConfigError: the file or a base is missing, is not Python, does not run, or holds what JSON cannot hold.
    """
    path = path.resolve()
    if path in above:
        circle = " -> ".join(shown(file) for file in (*above[above.index(path) :], path))
        raise ConfigError(shown(path), [f"the files inherit in a circle: {circle}"])
    tree = _parse(path)
    bases = tuple(read_config_file(base, (*above, path)) for base in find_bases(path, tree))
    _refuse_duplicates(path, bases)
    merged = _plain_config(path, _execute(path, tree, bases))
    return ConfigFile(path, _one_length(merged, bases), merged, bases, tree)


def _parse(path: Path) -> ast.Module:
    if not path.is_file():
        raise ConfigError(shown(path), ["there is no such file"])
    if path.suffix != ".py":
        raise ConfigError(
            shown(path), [f"a config is a Python file (.py), not {path.suffix or 'a file without suffix'}"]
        )
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        text = (error.text or "").strip()
        at = f" at `{text}`" if text else ""
        raise ConfigError(shown(path), [f"line {error.lineno}: not valid Python: {error.msg}{at}"]) from None
    except ValueError as error:  # null bytes, or not UTF-8
        raise ConfigError(shown(path), [f"this is not a text file of Python: {error}"]) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.With) or (isinstance(node, ast.ImportFrom) and node.level):
            advice = (
                'inherit with `_base_ = ["../_base_/file.py"]`; mmengine\'s `with read_base()` and relative imports'
            )
            raise ConfigError(shown(path), [f"line {node.lineno}: {advice} are not used here"])
    return tree


def _refuse_duplicates(path: Path, bases: tuple[ConfigFile, ...]) -> None:
    """Two direct bases must not set the same name: mmengine would have to choose, and refuses."""
    owners: dict[str, ConfigFile] = {}
    for base in bases:
        for name in base.values:
            if name in owners:
                files = f"{shown(owners[name].path)} and {shown(base.path)}"
                raise ConfigError(shown(path), [f"_base_: {files} both set {name!r}; let one inherit from the other"])
            owners[name] = base


def _execute(path: Path, tree: ast.Module, bases: tuple[ConfigFile, ...]) -> dict[str, Any]:
    """Let mmengine run the file and merge it with its bases, which mmengine finds by paths alone."""
    if not _names_packages(tree, bases):
        return _run(path, {})
    with TemporaryDirectory() as folder:
        originals: dict[str, Path] = {}
        return _run(_copy(path, tree, bases, Path(folder), originals), originals)


def _names_packages(tree: ast.Module, bases: tuple[ConfigFile, ...]) -> bool:
    return names_packages(tree) or any(_names_packages(base.tree, base.bases) for base in bases)


def _copy(
    path: Path, tree: ast.Module, bases: tuple[ConfigFile, ...], folder: Path, originals: dict[str, Path]
) -> Path:
    """Write a file and its bases below ``folder``, with the paths of these copies as ``_base_``; remember whose."""
    copies = [_copy(base.path, base.tree, base.bases, folder, originals) for base in bases]
    copy = folder / str(len(originals)) / path.name
    copy.parent.mkdir()
    copy.write_text(with_bases(path.read_text(encoding="utf-8"), tree, copies), encoding="utf-8")
    originals[str(copy)] = path
    return copy


def _run(path: Path, originals: Mapping[str, Path]) -> dict[str, Any]:
    """Run one file with mmengine; never its lazy mode, which forbids `import os`."""
    from mmengine.config import Config

    try:
        return dict(Config.fromfile(path, lazy_import=False, import_custom_modules=False).to_dict())
    except (Exception, SystemExit) as error:
        problem = _explain(path, error, originals)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # mmengine leaves its temporary file open
            traceback.clear_frames(error.__traceback__)
            gc.collect()
    raise problem


def _explain(path: Path, error: BaseException, originals: Mapping[str, Path]) -> ConfigError:
    """Turn what went wrong inside a config into the file and line where it did."""
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.endswith(".py") and "mmengine" not in frame.filename:
            file = originals.get(frame.filename, Path(frame.filename))
            return ConfigError(shown(file), [f"line {frame.lineno}: {reason}. {REMEDY}"])
    return ConfigError(shown(originals.get(str(path), path)), [f"{reason}. {REMEDY}"])


def _plain_config(path: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what only helps to write the config: names in capitals or with a leading underscore, and classes."""
    kept = {
        name: value
        for name, value in values.items()
        if not name.startswith("_") and not name.isupper() and not isinstance(value, type)
    }
    errors: list[str] = []
    plain = _plain(kept, "", errors)
    if errors:
        raise ConfigError(shown(path), errors)
    return dict(plain)


def _plain(value: Any, path: str, errors: list[str]) -> Any:
    """Return a value as JSON would hand it back: tuples become lists."""
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                errors.append(f"{path}: the key {key!r} must be text, since a checkpoint keeps the config as JSON")
        return {
            key: _plain(item, f"{path}.{key}".lstrip("."), errors) for key, item in value.items() if key not in MARKS
        }
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{path}.{index}", errors) for index, item in enumerate(value)]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if value is not None:
        what = f"the class {value.__name__}: write its name in quotes" if isinstance(value, type) else repr(value)
        errors.append(f"{path} must be a number, text, True, False, None, a list or a dict, not {what}")
    return value


def _one_length(merged: dict[str, Any], bases: tuple[ConfigFile, ...]) -> dict[str, Any]:
    """Of an inherited ``train.epochs`` and an own ``train.steps``, or the other way round, keep the later one."""
    train = merged.get("train")
    if not isinstance(train, dict) or not all(length in train for length in LENGTHS):
        return merged
    for base in bases:
        before = base.merged.get("train", {})
        own = [length for length in LENGTHS if length not in before or before[length] != train[length]]
        keep = own or [length for length in LENGTHS if length in base.values.get("train", {})]
        if before and len(keep) == 1:
            return {
                **merged,
                "train": {key: value for key, value in train.items() if key not in LENGTHS or key in keep},
            }
    return merged
