"""Recipes: config files that change any config, whatever its method; and what they ask about the config before them.

A recipe is read after a config and sees it as ``_base_``: ``--recipe masked,mine.py``, or the last names of ``_base_``.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from i2ikit.build import class_of, parameters
from i2ikit.errors import I2IKitError, nearest_hint
from i2ikit.files import expanded
from i2ikit.plugin.manager import get_manager
from i2ikit.registry import GENERATORS

FOLDER = "_base_/recipes"  # in the folders of configs of i2ikit and its plugins
ACCEPTING = 3  # classes that a message names


def packaged_recipes() -> dict[str, Path]:
    """Return the packaged recipes by name, such as ``masked``; one of i2ikit has priority over one of a plugin."""
    folders = [folder / FOLDER for folder in get_manager().config_folders()]
    return {path.stem: path for folder in reversed(folders) for path in sorted(folder.glob("*.py"))}


def find_recipe(name: str | Path) -> Path:
    """Return the file of a recipe.

    Args:
        name: a path that ends in ``.py``, or a packaged recipe's name.

    Raises:
        I2IKitError: neither exists; the message has the nearest names.
    """
    path, packaged = expanded(name), packaged_recipes()
    if path.suffix == ".py":
        if path.is_file():
            return path
        hint = nearest_hint(path.name, (file.name for file in path.parent.glob("*.py") if file.is_file()))
        if path.stem in packaged:
            hint = f" The packaged recipe is --recipe {path.stem}."
        raise I2IKitError(
            f"--recipe {name}: there is no such file.{hint} `i2ikit list recipes` lists the packaged ones."
        )
    if str(name) not in packaged and path.is_file():
        raise I2IKitError(f"--recipe {name}: a recipe is a config, a file of Python whose name ends in .py: rename it.")
    if str(name) not in packaged:
        raise I2IKitError(
            f"--recipe {name}: there is no such recipe.{nearest_hint(str(name), packaged)} There are: "
            f"{', '.join(sorted(packaged))}; your own is a file, --recipe mine.py."
        )
    return packaged[str(name)]


def translators(model: Mapping[str, Any], takes: str = "") -> list[str]:
    """Return the names of the generators that make the outputs of a model: ``ab``, or ``enc`` and ``dec``.

    Args:
        model: the ``model`` section of a config, as ``_base_.model``.
        takes: an argument that all of them must take, such as ``"mask"``.

    Raises:
        I2IKitError: the model has no such generator, or one of another class; the message names it and the classes that
            take the argument.
    """
    from i2ikit.translation.outputs import declared_outputs

    generators = model.get("generators") or {}
    words, texts = set[str](), [*declared_outputs(model).values()]
    while texts:  # an image expression may name others
        fresh = {*re.findall(r"\w+", str(texts.pop()))} - words
        words |= fresh
        texts += [text for name, text in (model.get("images") or {}).items() if name in fresh]
    found = [name for name, config in generators.items() if name in words and config is not None]
    if not found:
        raise I2IKitError(f"none of the generators ({', '.join(generators) or 'there are none'}) makes an output")
    for name in found if takes else ():
        kind = generators[name].get("type")
        if class_of(GENERATORS, kind) is not None and takes not in parameters(GENERATORS, kind):
            known = [each for each in GENERATORS.module_dict if takes in parameters(GENERATORS, each)]
            raise I2IKitError(
                f"generators.{name} is {kind}, which has no argument {takes!r}; the generators that have it: "
                f"{', '.join(known[:ACCEPTING]) or 'none'}. Choose a method with one of them, or leave this recipe out."
            )
    return found


def phase_of(model: Mapping[str, Any], network: str) -> str:
    """Return the name of the phase that updates a network.

    Args:
        model: the ``model`` section of a config, as ``_base_.model``.
        network: its full name, such as ``"generators.ab"``.

    Raises:
        I2IKitError: no phase does.
    """
    kind, _, name = network.partition(".")
    for phase, config in (model.get("phases") or {}).items():
        if config is not None and {kind, network, name} & {*config.get("update", ())}:
            return str(phase)
    raise I2IKitError(f"no phase updates {network}")


def averages_of(model: Mapping[str, Any], momentum: float) -> dict[str, Any]:
    """Return moving averages of the generators that make the outputs, for ``model.averages``; existing ones are kept.

    Args:
        model: the ``model`` section of a config, as ``_base_.model``.
        momentum: 0..1, the part of the average that stays in a step.
    """
    averaged = {average["of"] for average in (model.get("averages") or {}).values() if average is not None}
    names = [name for name in translators(model) if f"generators.{name}" not in averaged]
    return {f"{name}_mean": {"of": f"generators.{name}", "momentum": momentum} for name in names}
