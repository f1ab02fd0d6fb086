"""What the shell completes: names of configs, kinds of parts, and metrics."""

from pathlib import Path

import typer


def complete_config(incomplete: str) -> list[str]:
    """Return the packaged configs, and the Python files and folders, whose names begin so."""
    from i2ikit.config.find import packaged_configs

    found = sorted(Path(incomplete).parent.glob("*") if incomplete else Path().glob("*"))
    files = [f"{path}/" if path.is_dir() else str(path) for path in found if path.is_dir() or path.suffix == ".py"]
    return [name for name in [*packaged_configs(), *files] if name.startswith(incomplete)]


def complete_kind(incomplete: str) -> list[str]:
    """Return the kinds of parts whose names begin so."""
    from i2ikit.kinds import KINDS

    return [kind.plural for kind in KINDS if kind.plural.startswith(incomplete)]


def complete_part(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of parts of the kind that is typed already, which begin so."""
    from i2ikit.registry import REGISTRIES

    registry = REGISTRIES.get(ctx.params.get("kind", ""))
    return [name for name in registry.names() if name.startswith(incomplete)] if registry is not None else []


def complete_metrics(incomplete: str) -> list[str]:
    """Return the names of metrics that continue a list such as ``fid,ss``."""
    from i2ikit.inference.evaluation import DEFAULT_METRICS

    done, _, last = incomplete.rpartition(",")
    before = f"{done}," if done else ""
    return [f"{before}{name}" for name in DEFAULT_METRICS if name.startswith(last)]
