"""Makes one plain dict of a file and its overrides, and one error of all errors."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from i2ikit.build import ConfigProblem
from i2ikit.config.channels import follow_data
from i2ikit.config.data import Folders, read_from
from i2ikit.config.files import ConfigFile, read_config_file, read_in_order
from i2ikit.config.find import SEPARATOR, packaged_configs
from i2ikit.config.imports import IMPORTS, import_problems, locate_imports
from i2ikit.config.key_paths import existing, holds, shown, split
from i2ikit.config.overrides import apply_overrides
from i2ikit.config.recipes import find_recipe
from i2ikit.config.sections import with_defaults, without_removed
from i2ikit.config.validate import find_errors
from i2ikit.errors import ConfigError

MOST_SHOWN = 200  # characters of an override in a message


def load_config(
    path: Path, overrides: Sequence[str] = (), data: Folders | None = None, recipes: Sequence[str | Path] = ()
) -> dict[str, Any]:
    """Read a config with its bases, recipes and overrides, without checking its values.

    The result holds only what JSON can hold: dicts, lists for tuples, numbers, text, booleans and None. Unset keys of
    fixed sections have their defaults; named parts (generators, terms, metrics, ...) and phases that are None are left
    out.

    Args:
        path: a Python file.
        overrides: ``key.path=value``, applied in their order; see :func:`apply_overrides`.
        data: folder for train and test data instead of the config's (``--data DIR``), or two folders
            (``dict(a=..., b=...)``, ``--data-a DIR --data-b DIR``), before the overrides.
        recipes: names or files of recipes, which change the config in their order, before ``data``; see
            :mod:`i2ikit.config.recipes`.

    Raises:
        ConfigError: the file or a recipe cannot be read, or overrides are wrong.
        I2IKitError: there is no such recipe.
    """
    return _resolve(_read(path, recipes), path, overrides, data, lambda config: [])


def resolve_config(
    path: Path, overrides: Sequence[str] = (), data: Folders | None = None, recipes: Sequence[str | Path] = ()
) -> dict[str, Any]:
    """Read, override and check a config; all errors are reported together.

    Args:
        path, overrides, data, recipes: as for :func:`load_config`.

    Raises:
        ConfigError: a line for each error: file and line, or the override; key path; message with the nearest name.
    """
    return _resolve(_read(path, recipes), path, overrides, data, find_errors)


def config_origin(path: Path, recipes: Sequence[str | Path] = ()) -> dict[str, str]:
    """Return ``config``, the name of a packaged config or the path of another, and ``method``, if it has one.

    The method is the folder of a packaged config, or the file in a folder ``methods`` that another inherits from. The
    recipes are named behind the config: ``cut/stripes with masked, fast``.
    """
    chain = list(read_config_file(path).chain())
    name = next((name for name, packaged in packaged_configs().items() if packaged.resolve() == chain[0]), "")
    folder = name.rpartition(SEPARATOR)[2].partition("/")[0]
    method = folder or next((file.stem for file in chain if file.parent.name == "methods"), "")
    used = f" with {', '.join(map(str, recipes))}" if recipes else ""
    return {"config": f"{name or shown(path)}{used}"} | ({"method": method} if method else {})


def _read(path: Path, recipes: Sequence[str | Path]) -> ConfigFile:
    file = read_in_order([path, *map(find_recipe, recipes)], path, listed="--recipe")
    assert file is not None, "there is a path"
    return file


def _resolve(
    file: ConfigFile,
    path: Path,
    overrides: Sequence[str],
    data: Folders | None,
    check: Callable[[dict[str, Any]], list[ConfigProblem]],
) -> dict[str, Any]:
    config, found = with_defaults(file.values), []
    errors = _import_own(config, overrides)
    if not errors:
        config, errors = _overridden(file, overrides, data)
        found = check(config)
        errors += found
    if errors:
        sources = {error: _source(file, config, error.path, overrides) for error in errors}
        unexplained = [error for error in found if not sources[error].startswith("--set ")]
        sources |= {error: f"--set {text}" for error, text in _blame(file, unexplained, overrides, data, check).items()}
        lines = [_line(file, error, overrides, sources[error]) for error in errors]
        raise ConfigError(shown(path.resolve()), list(dict.fromkeys(lines)))
    return config


def _import_own(config: dict[str, Any], overrides: Sequence[str]) -> list[ConfigProblem]:
    """Import the files of ``imports``, with its overrides, before anything asks what their parts take."""
    listed = [text for text in overrides if _typed(text)[0] == IMPORTS]
    changed, _ = apply_overrides(config, listed)
    return import_problems(locate_imports(changed, Path.cwd()).get(IMPORTS, []))


def _overridden(
    file: ConfigFile, overrides: Sequence[str], data: Folders | None
) -> tuple[dict[str, Any], list[ConfigProblem]]:
    """Return the config of a file with `--data` and `--set` applied, and the errors in the latter."""
    config = with_defaults(file.values)
    config, errors = apply_overrides(config if data is None else read_from(config, data), overrides)
    return locate_imports(follow_data(without_removed(config)), Path.cwd()), errors


def _blame(
    file: ConfigFile,
    errors: Sequence[ConfigProblem],
    overrides: Sequence[str],
    data: Folders | None,
    check: Callable[[dict[str, Any]], list[ConfigProblem]],
) -> dict[ConfigProblem, str]:
    """Return the last override without which an error does not occur, for each error that has one."""
    blame: dict[ConfigProblem, str] = {}
    for index, text in reversed(list(enumerate(overrides))):
        if len(blame) == len(errors):
            break
        others = [*overrides[:index], *overrides[index + 1 :]]
        remaining = set(check(_overridden(file, others, data)[0]))
        blame |= {error: text for error in errors if error not in remaining and error not in blame}
    return blame


def _line(file: ConfigFile, error: ConfigProblem, overrides: Sequence[str], source: str) -> str:
    """Return one error as a line: where the key is set, its path unless that shows it already, and what is wrong."""
    message = f"{error.message}{_remedy(file, error, overrides)}"
    shown_source = source if len(source) <= MOST_SHOWN else f"{source[:MOST_SHOWN]}..."
    if source.startswith("--set ") and _typed(source.removeprefix("--set ")) == split(error.path):
        return f"{shown_source}: {message}"
    return f"{shown_source}: {error.path}: {message}"


def _remedy(file: ConfigFile, error: ConfigProblem, overrides: Sequence[str]) -> str:
    """Return the remedy for an argument that is left from a part of another type, or an empty string."""
    keys = split(error.path)
    kind = (*keys[:-1], "type")
    if "has no argument" not in error.message or not holds(file.values, keys) or not holds(file.values, kind):
        return ""
    if any(_typed(text) == kind for text in overrides):
        part = ".".join(keys[:-1])
        return f" It is left from another type: set the complete part, --set {part}='dict(type=...)'."
    changed = file.owner(kind)
    if holds(changed.values, keys) and changed.owner(keys) != changed:
        return " It is inherited from another type: write `_delete_=True` beside `type` to drop it."
    return ""


def _typed(override: str) -> tuple[str, ...]:
    """Return the keys of an override."""
    return split(override.partition("=")[0].strip())


def _source(file: ConfigFile, config: dict[str, Any], path: str, overrides: Sequence[str]) -> str:
    """Return where a key is set: in the last override that touches it, in another option, or in a file."""
    keys = split(path)
    for text in reversed(overrides):
        typed = _typed(text)
        if keys[: len(typed)] == typed:
            return f"--set {text}"
    for text in reversed(overrides):
        typed = _typed(text)
        if typed[: len(keys)] == keys and holds(config, typed):
            return f"{file.origin(path)} with --set {text}"
    if not holds(file.values, existing(config, keys)):
        return "the command line"
    return file.origin(path)
