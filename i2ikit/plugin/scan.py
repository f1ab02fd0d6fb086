"""Finds the parts of a module by reading its source, without importing it: so `i2ikit list` needs no PyTorch.

The scan sees classes that are decorated with ``@REGISTRY.register_module()`` at the top level of a module. It vouches
for a module only if importing it can hardly fail: docstring, imports of what is there, functions, classes and plain
assignments. Whoever needs certainty imports a module that the scan does not vouch for.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

from i2ikit.plugin.builtins import PARTS

PLAIN = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)


@dataclass(frozen=True)
class Declared:
    """A part as its source declares it.

    Attributes:
        registry: plural name of the registry, such as ``"losses"``.
        name: under which it is registered.
        module: where it stands.
        summary: the first line of its docstring.
    """

    registry: str
    name: str
    module: str
    summary: str


@dataclass
class Scan:
    """What reading a module, or a package with its modules, has found.

    Attributes:
        parts: in the order of their source.
        plain: whether the scan vouches for all of it.
    """

    parts: list[Declared] = field(default_factory=list)
    plain: bool = True

    def add(self, other: "Scan") -> None:
        """Take over what another scan found."""
        self.parts += other.parts
        self.plain &= other.plain


def scan(name: str) -> Scan:
    """Read a module, or a package with all of its modules, that is named as for an import."""
    found = locate(name)
    if found is None:
        return Scan(plain=False)
    result = Scan()
    if found.origin is not None and found.has_location:
        result.add(_scan_source(name, found.origin))
    for module in iter_modules(list(found.submodule_search_locations or [])):
        result.add(scan(f"{name}.{module.name}"))
    return result


@cache
def locate(name: str) -> ModuleSpec | None:
    """Return where a module lies, without importing the packages that it is in; None if it is nowhere."""
    top, *rest = name.split(".")
    try:
        found = find_spec(top)
        for depth, _ in enumerate(rest, start=1):
            if found is None or found.submodule_search_locations is None:
                return None
            found = PathFinder.find_spec(".".join([top, *rest[:depth]]), list(found.submodule_search_locations))
    except (ImportError, ValueError, AttributeError):
        return None
    return found


@cache
def _scan_source(name: str, path: str) -> Scan:
    try:
        tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return Scan(plain=False)
    parts = [part for node in tree.body for part in _declared(node, name)]
    return Scan(parts, all(_is_plain(node, name) for node in tree.body))


def _declared(node: ast.stmt, module: str) -> Iterator[Declared]:
    if not isinstance(node, ast.ClassDef):
        return
    for registry, alias in _registrations(node):
        summary = (ast.get_docstring(node) or "").partition("\n")[0]
        yield Declared(registry, alias or node.name, module, summary)


def _registrations(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    """Yield registry and given name of each ``@REGISTRY.register_module(...)`` above a class."""
    for decorator in node.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if not isinstance(call, ast.Attribute) or call.attr != "register_module":
            continue
        owner = call.value
        registry = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
        given = (
            [*decorator.args, *(each.value for each in decorator.keywords if each.arg == "name")]
            if isinstance(decorator, ast.Call)
            else []
        )
        alias = given[0].value if given and isinstance(given[0], ast.Constant) else ""
        yield registry.lower(), alias if isinstance(alias, str) else ""


def _is_plain(node: ast.stmt, module: str) -> bool:
    """Say whether a statement at the top of a module can hardly fail or take long."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):  # imports for type checkers alone
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    if isinstance(node, ast.Import):
        return all(_is_there(each.name) for each in node.names)
    if isinstance(node, ast.ImportFrom):
        return _can_import_from(node)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return not list(_registrations(node))
    if isinstance(node, ast.ClassDef):
        return all(registry in PARTS for registry, _ in _registrations(node))
    return isinstance(node, PLAIN)


def _can_import_from(node: ast.ImportFrom) -> bool:
    if node.level:
        return True  # of the package itself, whose modules are scanned too
    if node.module == "i2ikit.registry":
        return all(each.name.lower() in PARTS or not each.name.isupper() for each in node.names)
    return _is_there(node.module or "")


def _is_there(name: str) -> bool:
    """Say whether a module could be found; of others' packages only the top one is looked for."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return True
    return locate(name if top == "i2ikit" else top) is not None
