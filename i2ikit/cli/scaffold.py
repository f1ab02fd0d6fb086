"""Writes new parts and plugins from templates; knows where they belong and how they are named. Prints nothing."""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from i2ikit import __version__
from i2ikit.errors import I2IKitError, nearest_hint
from i2ikit.plugin.builtins import PARTS

SINGULAR = {
    "generators": "generator",
    "discriminators": "discriminator",
    "heads": "head",
    "samplers": "sampler",
    "negatives": "negatives",
    "losses": "loss",
    "terms": "term",
    "views": "view",
    "schedules": "schedule",
    "datasets": "dataset",
    "transforms": "transform",
    "metrics": "metric",
}
KINDS = {SINGULAR[plural]: plural for plural in PARTS}
EXTENSIONS = ("loss", "sampler", "discriminator", "generator", "head", "term")  # kinds whose classes end in their kind
PLUGIN = "plugin"
CORE = "i2ikit"


@dataclass(frozen=True)
class Home:
    """The package that a new part goes into.

    Attributes:
        root: folder of its pyproject.toml.
        package: name of the package that is imported; ``"i2ikit"`` for the core.
    """

    root: Path
    package: str

    @property
    def folder(self) -> Path:
        """The folder of the package: beside pyproject.toml or in ``src``."""
        inside = self.root / "src" / self.package
        return inside if inside.is_dir() else self.root / self.package


def kind_called(kind: str) -> str:
    """Return a kind of parts in the singular, given in the singular or the plural.

    Raises:
        I2IKitError: there is none; the message has the nearest names.
    """
    if kind in KINDS:
        return kind
    if kind in SINGULAR:
        return SINGULAR[kind]
    known = [*KINDS, PLUGIN]
    raise I2IKitError(f"nothing new can be made of the kind {kind!r}.{nearest_hint(kind, known)} {', '.join(known)}.")


def class_name(kind: str, name: str) -> str:
    """Return ``name`` if it is how a class of this kind is spelled.

    Raises:
        I2IKitError: it is not; the message has the right spelling.
    """
    right = _camel(name)
    if kind in EXTENSIONS and right.lower().endswith(kind):
        right = right[: -len(kind)] + kind.capitalize()
    elif kind in EXTENSIONS:
        right += kind.capitalize()
    if not right.isidentifier() or right == kind.capitalize():
        raise I2IKitError(f"{name!r} cannot be the name of a class; write it like CharbonnierLoss")
    if name != right:
        raise I2IKitError(f"{name!r} is not how a {kind} is called here; write {right}")
    return name


def _camel(name: str) -> str:
    words = [word for word in re.split(r"[^0-9A-Za-z]+", name) if word]
    return "".join(word[0].upper() + word[1:] for word in words)


def snake(name: str) -> str:
    """Return a class's name as a module's: ``PatchNCELoss`` is ``patch_nce_loss``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def find_home(into: Path) -> Home:
    """Return the plugin, or the checkout of i2ikit, that a folder lies in.

    Raises:
        I2IKitError: it lies in neither.
    """
    for root in (into.resolve(), *into.resolve().parents):
        try:
            project = (root / "pyproject.toml").read_text(encoding="utf-8")
        except OSError:
            continue
        if re.search(r'^name\s*=\s*"i2ikit"', project, re.MULTILINE):
            return Home(root, CORE)
        entry = re.search(r'^\[project\.entry-points\."?i2ikit"?\]\s*\n[^\[]*?=\s*"(\w+)', project, re.MULTILINE)
        if entry is not None:
            return Home(root, entry[1])
    raise I2IKitError(
        f"{into} is neither in a plugin nor in a checkout of i2ikit. Make a plugin with `i2ikit new plugin "
        "i2ikit-foo`, or name the folder of one with --into."
    )


def new_part(kind: str, name: str, home: Home) -> dict[Path, str]:
    """Return the files of a new part and its test, by their paths; nothing is written yet."""
    name = class_name(kind, name)
    plural, module = KINDS[kind], snake(name)
    if home.package == CORE:
        module = module.removesuffix(f"_{kind}")
        folder, imported = home.folder / plural, f"{CORE}.{plural}.{module}"
        test = home.root / "tests" / plural / f"test_{module}.py"
        if any(other != test for other in (home.root / "tests").rglob(test.name)):
            test = test.with_name(f"test_{plural}_{module}.py")
    else:
        parts = home.folder / "parts"
        folder, between = (parts, "parts.") if parts.is_dir() else (home.folder, "")
        imported, test = f"{home.package}.{between}{module}", home.root / "tests" / f"test_{module}.py"
    words = {"Name": name, "module": imported, "title": module.replace("_", " ").capitalize()}
    return {
        folder / f"{module}.py": _fill(f"{kind}.py.txt", words, home.package),
        test: _fill(f"{kind}_test.py.txt", words, home.package),
    }


def new_plugin(package: str, kinds: Iterable[str], into: Path) -> dict[Path, str]:
    """Return the files of a new plugin, with one part of each of the kinds.

    Raises:
        I2IKitError: ``package`` is not how a package is spelled.
    """
    right = re.sub(r"[^0-9a-z]+", "-", package.lower().removeprefix("i2ikit")).strip("-")
    if not right:
        raise I2IKitError(f"{package!r} names no plugin; write it like i2ikit-foo")
    if package != f"i2ikit-{right}":
        raise I2IKitError(f"{package!r} is not how a plugin is called; write i2ikit-{right}")
    folder, entry = package.replace("-", "_"), right.replace("-", "_")
    root = into / package
    words = {"package": package, "folder": folder, "entry": entry, "version": __version__}
    written = {
        root / "pyproject.toml": _fill("plugin_pyproject.toml.txt", words),
        root / "README.md": _fill("plugin_readme.md.txt", words),
        root / folder / "__init__.py": _fill("plugin_init.py.txt", words, folder),
        root / folder / "parts" / "__init__.py": _fill("plugin_parts.py.txt", words),
        root / folder / "configs" / entry / "stripes.py": _fill("plugin_config.py.txt", words),
        root / "tests" / f"test_{folder}.py": _fill("plugin_test.py.txt", words, folder),
    }
    for kind in kinds:
        name = _camel(entry) + kind.capitalize()
        module = snake(name)
        part = {"Name": name, "module": f"{folder}.parts.{module}", "title": module.replace("_", " ").capitalize()}
        written[root / folder / "parts" / f"{module}.py"] = _fill(f"{kind}.py.txt", part, folder)
        written[root / "tests" / f"test_{module}.py"] = _fill(f"{kind}_test.py.txt", part, folder)
    return written


def write(written: Mapping[Path, str]) -> None:
    """Write new files.

    Raises:
        I2IKitError: one of them is there already; then none is written.
    """
    there = [str(path) for path in written if path.exists()]
    if there:
        raise I2IKitError(f"nothing is overwritten, and there is already: {', '.join(there)}")
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _fill(template: str, words: Mapping[str, str], own: str = CORE) -> str:
    text = (files("i2ikit.cli") / "templates" / template).read_text(encoding="utf-8")
    filled = Template(text).substitute(words)
    return _with_sorted_imports(filled, own) if template.endswith(".py.txt") else filled


def _with_sorted_imports(text: str, own: str) -> str:
    """Put the imports where a linter wants them: the standard library, other packages, the package ``own``."""
    lines = text.splitlines()
    places = [index for index, line in enumerate(lines) if line.startswith(("import ", "from "))]
    if not places:
        return text
    groups: list[list[str]] = [[], [], []]
    for index in places:
        top = lines[index].split()[1].partition(".")[0]
        groups[0 if top in sys.stdlib_module_names else 2 if top == own else 1].append(lines[index])
    imports = "\n\n".join("\n".join(sorted(group, key=_import_order)) for group in groups if group)
    return "\n".join([*lines[: places[0]], imports, *lines[places[-1] + 1 :], ""])


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from "), line.split()[1].lower()
