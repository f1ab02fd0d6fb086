"""What the shell completes: names of configs, kinds of parts, and metrics."""

from collections.abc import Iterable
from pathlib import Path

import typer


def complete_config(incomplete: str) -> list[str]:
    """Return the packaged configs, and the Python files and folders, whose names begin so."""
    from i2ikit.config.find import packaged_configs

    found = sorted(Path(incomplete).parent.glob("*") if incomplete else Path().glob("*"))
    files = [f"{path}/" if path.is_dir() else str(path) for path in found if path.is_dir() or path.suffix == ".py"]
    return [name for name in [*packaged_configs(), *files] if name.startswith(incomplete)]


def complete_recipe(incomplete: str) -> list[str]:
    """Return the packaged recipes that continue a list such as ``masked,fa``."""
    from i2ikit.config.recipes import packaged_recipes

    return _continued(incomplete, packaged_recipes())


def complete_kind(incomplete: str) -> list[str]:
    """Return the kinds of parts whose names begin so."""
    from i2ikit.kinds import HOOKS, KINDS

    return [kind.plural for kind in (*KINDS, HOOKS) if kind.plural.startswith(incomplete)]


def complete_part(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of parts of the kind that is typed already, which begin so."""
    from i2ikit.cli.list import parts_of
    from i2ikit.errors import I2IKitError
    from i2ikit.kinds import find_kind

    try:
        kind = find_kind(ctx.params.get("kind", ""))
    except I2IKitError:
        return []
    return [name for name in parts_of(kind) if name.startswith(incomplete)]


def complete_metrics(incomplete: str) -> list[str]:
    """Return the names of metrics that continue a list such as ``fid,ss``."""
    from i2ikit.inference.evaluation import DEFAULT_METRICS

    return _continued(incomplete, DEFAULT_METRICS)


def _continued(incomplete: str, names: Iterable[str]) -> list[str]:
    """Return the lists that continue a list, separated by commas, with one of the names."""
    done, _, last = incomplete.rpartition(",")
    before = f"{done}," if done else ""
    return [f"{before}{name}" for name in names if name.startswith(last)]
