"""Pages of the site that are made of docstrings: every part of every registry, and the Python API.

Nothing of it is written by hand: a part that is registered is on the page of its kind when the site is built again.
A hook of mkdocs: `mkdocs.yml` names this file.
"""

import ast
import inspect
import logging
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from i2ikit.cli.list import package_of, parts_of
from i2ikit.cli.show import VARIADIC, example
from i2ikit.interfaces.losses import contract
from i2ikit.kinds import HOOKS, KINDS, Kind
from i2ikit.plugin.info import OWN_FILES
from i2ikit.registry import top_package

ROOT = Path(__file__).parents[2]
# Of each page of the API: its title, what stands above, and what it documents. Names are full; of a module all that it
# makes public is documented.
API = {
    "python": (
        "Python API",
        "What `from i2ikit import ...` gives. [A page with examples](../python.md) introduces it.",
        """
        i2ikit
        i2ikit.engine.train.RunOptions
        i2ikit.engine.reporter.RunResult
        i2ikit.engine.reporter.Reporter
        i2ikit.evaluation.measure.Measurement
        """,
    ),
    "interfaces": (
        "What parts are made of",
        "What a part derives from, is given, and gives back. [Write a part](../write-a-part.md) shows where to begin.",
        """
        i2ikit.interfaces
        i2ikit.interfaces.losses.AdversarialLoss
        i2ikit.interfaces.losses.ComparisonLoss
        i2ikit.interfaces.losses.ContrastLoss
        i2ikit.interfaces.losses.PenaltyLoss
        i2ikit.terms.base.Term
        i2ikit.nn.staged.StagedGenerator
        i2ikit.metrics.base.Metric
        i2ikit.metrics.base.MeanOverImages
        i2ikit.engine.hooks.base.RunHook
        i2ikit.images.formats.base
        """,
    ),
    "helpers": (
        "Helpers for parts",
        "Checks of arguments and shapes, errors, random numbers that a resumed run repeats, and plain mathematics.",
        """
        i2ikit.checks
        i2ikit.errors
        i2ikit.ops.streams
        i2ikit.ops.numerics
        i2ikit.ops.contrast.contrast_logits
        i2ikit.ops.contrast.at_column
        """,
    ),
    "plugin": (
        "Hooks of plugins",
        "What a plugin may implement; [all about plugins](../plugins.md) has examples.",
        """
        i2ikit.plugin.hooks
        i2ikit.plugin.hookimpl
        i2ikit.plugin.info.PluginInfo
        """,
    ),
}


def on_startup(**_: Any) -> None:
    """Leave out what griffe finds wrong in the docstrings of installed packages: a strict build ends at any warning."""
    logging.getLogger("mkdocs.plugins.griffe").addFilter(is_of_this_repository)


def is_of_this_repository(record: logging.LogRecord) -> bool:
    """Return whether a warning is about a file of this repository, not about one of an installed package."""
    return "site-packages" not in record.getMessage()


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each kind of parts, and the pages of the API."""
    pages = {f"reference/{kind.plural}.md": kind_page(kind) for kind in (*KINDS, HOOKS)}
    pages["reference/index.md"] = overview()
    pages |= {
        f"reference/{name}.md": api_page(title, intro, names.split()) for name, (title, intro, names) in API.items()
    }
    for uri, text in pages.items():
        files.append(File.generated(config, uri, content=text))
    return files


def own_parts(kind: Kind) -> dict[str, type[Any]]:
    """Return the parts of a kind that this repository brings; mmengine's hooks and other plugins are left out."""
    return {name: part for name, part in parts_of(kind).items() if _is_ours(part)}


def overview() -> str:
    """Return the page that leads to the kinds."""
    rows = [f"| [{kind.plural}]({kind.plural}.md) | {len(own_parts(kind))} | {_purpose(kind)} |" for kind in KINDS]
    rows.append(f"| [hooks](hooks.md) | {len(own_parts(HOOKS))} | {_purpose(HOOKS)} |")
    return "\n".join(
        [
            "# All parts",
            "",
            'A config names a part by its class, `type="PatchNCELoss"`. These pages are made of the docstrings that',
            "`i2ikit show KIND NAME` shows; `i2ikit list` also has the parts of plugins that you have installed.",
            "",
            "| kind | parts | |",
            "|---|---:|---|",
            *rows,
            "",
        ]
    )


def kind_page(kind: Kind) -> str:
    """Return the page of one kind: a table of its parts, then each with its docstring and a line of config."""
    parts = own_parts(kind)
    with_contract = kind.plural == "losses"
    head = ["part", "what it does", *["contract"] * with_contract, "package"]
    lines = [f"# {kind.plural.capitalize()}", "", _purpose(kind), "", _row(head), _row(["---"] * len(head))]
    for name, part in parts.items():
        cells = [f"[`{name}`][{_full_name(part)}]", _summary(part), *[contract(part)] * with_contract, package_of(part)]
        lines.append(_row(cells))
    for name, part in parts.items():
        parameters = [each for each in inspect.signature(part).parameters.values() if each.kind not in VARIADIC]
        lines += ["", *_documented(_full_name(part), ["members: false"])]
        lines += ["", "In a config:", "", "```python", wrapped(example(kind.plural, name, parameters)), "```"]
    return "\n".join([*lines, ""])


def wrapped(call: str) -> str:
    """Return a call with keywords as it is, or with an argument on each line if it is longer than a line."""
    if len(call) <= 100:
        return call
    keywords = ast.parse(call, mode="eval").body.keywords
    lines = [f"    {each.arg}={ast.get_source_segment(call, each.value)}," for each in keywords]
    return "\n".join(["dict(", *lines, ")"])


def api_page(title: str, intro: str, names: Iterable[str]) -> str:
    """Return a page of the API."""
    lines = [f"# {title}", "", intro]
    for name in names:
        for each in _public(name):
            lines += ["", *_documented(each)]
    return "\n".join([*lines, ""])


def _public(name: str) -> Iterator[str]:
    """Yield the full names of what a module makes public, or the name itself if it is that of a class or function."""
    try:
        module = import_module(name)
    except ModuleNotFoundError:
        parent, _, own = name.rpartition(".")
        yield _full_name(getattr(import_module(parent), own)) if own[0].isupper() else name
        return
    found = getattr(module, "__all__", None)
    if found is None:
        found = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == name]
    for key in found:
        value = getattr(module, key)
        if not key.startswith("_") and (inspect.isfunction(value) or inspect.isclass(value)):
            yield _full_name(value)


def _documented(name: str, options: list[str] | None = None) -> list[str]:
    return [f"::: {name}", *(["    options:"] if options else []), *(f"      {option}" for option in options or ())]


def _is_ours(part: type[Any]) -> bool:
    own_file = top_package(part) == OWN_FILES  # which may be gone
    return not own_file and ROOT in Path(inspect.getfile(part)).resolve().parents


def _full_name(part: Any) -> str:
    return f"{part.__module__}.{part.__qualname__}"


def _purpose(kind: Kind) -> str:
    package = ".".join(filter(None, ("i2ikit", kind.inside, kind.plural)))
    text = (import_module(package).__doc__ or "").partition("\n")[0]
    purpose = text.partition(": ")[2] or text
    return f"{purpose[:1].upper()}{purpose[1:]}"


def _summary(part: type[Any]) -> str:
    first = inspect.cleandoc(part.__doc__ or "").partition("\n")[0]
    return first.partition(" Contract: ")[0].replace("|", "\\|")


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
