"""Writes new parts and plugins from templates."""

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from textwrap import indent

from i2ikit.errors import I2IKitError
from i2ikit.kinds import Kind
from i2ikit.version import __version__

CORE = "i2ikit"


def class_name(kind: Kind, name: str) -> str:
    """Return a name as a class of this kind is spelled: ``ColorLoss`` for ``color``.

    Raises:
        I2IKitError: it has characters of no class or file, or begins with a digit, or nothing is left of it.
    """
    right, suffix = _camel(name), kind.word.capitalize()
    if kind.suffix:
        right = right[: -len(suffix)] + suffix if right.lower().endswith(kind.word) else right + suffix
    if not re.fullmatch(r"[0-9A-Za-z_ -]+", name) or not right.isidentifier() or right == suffix:
        rule = "in A-Z, a-z, 0-9, _ and -, a letter first"
        raise I2IKitError(f"{name!r} cannot be the name of a class; write it like CharbonnierLoss, {rule}")
    return right


def _camel(name: str) -> str:
    words = [word for word in re.split(r"[^0-9A-Za-z]+", name) if word]
    return "".join(word[0].upper() + word[1:] for word in words)


def snake(name: str) -> str:
    """Return the module name of a class: ``patch_nce_loss`` for ``PatchNCELoss``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def find_home(into: Path) -> tuple[Path, str] | None:
    """Return root folder and package of the plugin, or of the checkout of i2ikit, that contains a folder, or None."""
    for root in (into.resolve(), *into.resolve().parents):
        try:
            project = (root / "pyproject.toml").read_text(encoding="utf-8")
        except OSError:
            continue
        if re.search(r'^name\s*=\s*"i2ikit"', project, re.MULTILINE):
            return root, CORE
        entry = re.search(r'^\[project\.entry-points\."?i2ikit"?\]\s*\n[^\[]*?=\s*"(\w+)', project, re.MULTILINE)
        if entry is not None:
            return root, entry[1]
    return None


def new_file(kind: Kind, name: str, folder: Path) -> dict[Path, str]:
    """Return the contents of a new part for ``imports`` of a config and of its test, by path; nothing is written.

    Raises:
        I2IKitError: ``name`` cannot be the name of a class.
    """
    name = class_name(kind, name)
    return _part_files(kind, name, folder / f"{snake(name)}.py", snake(name), folder)


def new_part(kind: Kind, name: str, root: Path, package: str) -> dict[Path, str]:
    """Return the contents of a new part and of its test, by path; nothing is written.

    Args:
        kind, name: of the part.
        root, package: of :func:`find_home`; the folder of the package is beside pyproject.toml or in ``src``.

    Raises:
        I2IKitError: ``name`` is not spelled as a class of this kind is.
    """
    right = class_name(kind, name)
    if name != right:
        raise I2IKitError(f"{name!r} is not how a {kind.singular} is named; write {right}")
    module, tests = snake(name), root / "tests"
    folder = root / "src" / package if (root / "src" / package).is_dir() else root / package
    if package == CORE:
        module = module.removesuffix(f"_{kind.word}")
        inside = [*filter(None, [kind.inside]), kind.plural]
        folder, package, tests = folder.joinpath(*inside), ".".join([package, *inside]), tests.joinpath(*inside)
    elif (folder / "parts").is_dir():
        folder, package = folder / "parts", f"{package}.parts"
    return _part_files(kind, name, folder / f"{module}.py", f"{package}.{module}", tests)


def new_plugin(package: str, kinds: Iterable[Kind], into: Path) -> dict[Path, str]:
    """Return the contents of a new plugin with one part of each of the kinds, by path; nothing is written.

    Raises:
        I2IKitError: ``package`` is not spelled as a plugin is.
    """
    right = re.sub(r"[^0-9a-z]+", "-", package.lower().removeprefix("i2ikit")).strip("-")
    if not right:
        raise I2IKitError(f"{package!r} is not the name of a plugin; write it like i2ikit-foo")
    if package != f"i2ikit-{right}":
        raise I2IKitError(f"{package!r} is not how a plugin is named; write i2ikit-{right}")
    folder, entry = package.replace("-", "_"), right.replace("-", "_")
    root = into / package
    words = {"package": package, "folder": folder, "entry": entry, "version": __version__}
    templates = {
        "plugin_pyproject.toml.txt": root / "pyproject.toml",
        "plugin_readme.md.txt": root / "README.md",
        "plugin_init.py.txt": root / folder / "__init__.py",
        "plugin_parts.py.txt": root / folder / "parts" / "__init__.py",
        "plugin_config.py.txt": root / folder / "configs" / entry / "stripes.py",
        "plugin_test.py.txt": root / "tests" / f"test_{folder}.py",
    }
    contents = {path: Template(_read(template)).substitute(words) for template, path in templates.items()}
    for kind in kinds:
        name = _camel(entry) + kind.word.capitalize()
        path = root / folder / "parts" / f"{snake(name)}.py"
        contents |= _part_files(kind, name, path, f"{folder}.parts.{path.stem}", root / "tests")
    return contents


def write(contents: Mapping[Path, str]) -> None:
    """Write new files.

    Raises:
        I2IKitError: one of them exists; then none is written.
    """
    existing = [str(path) for path in contents if path.exists()]
    if existing:
        raise I2IKitError(f"nothing is overwritten; these files exist already: {', '.join(existing)}")
    for path, text in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _part_files(kind: Kind, name: str, path: Path, module: str, tests: Path) -> dict[Path, str]:
    import yaml

    words = {"Name": name, "module": module, "registry": kind.plural.upper()}
    snippets = yaml.safe_load(_read("kinds.yaml"))[kind.plural]
    filled = {key: Template(text).substitute(words).rstrip() for key, text in snippets.items()}
    lines = filled["doc"].splitlines()
    filled["doc"] = indent("\n".join([f'"""{lines[0]}', *lines[1:], '"""']), " " * 4)
    part = words | filled | {"title": path.stem.replace("_", " ").capitalize(), "code": indent(filled["code"], " " * 4)}
    test = words | filled | {"imports": filled["test_imports"]}
    return {
        path: Template(_read("part.py.txt")).substitute(part),
        tests / f"test_{path.name}": Template(_read("test.py.txt")).substitute(test),
    }


def _read(template: str) -> str:
    return (files("i2ikit.cli") / "templates" / template).read_text(encoding="utf-8")
