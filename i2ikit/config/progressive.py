"""The sizes of training images under ``data.progressive``, which all networks have to take."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from i2ikit.build import ConfigProblem
from i2ikit.config.batch import batch_shapes
from i2ikit.config.trial import trial_error
from i2ikit.errors import I2IKitError

if TYPE_CHECKING:
    from i2ikit.translation import UnpairedTranslation

KEY = "data.progressive"


def smaller_shapes(config: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> dict[int, dict[str, Any]]:
    """Return the shapes of a batch under each divisor of ``data.progressive``.

    Args:
        config: resolved.
        shapes: (B, C, H, W) of the full size by name; see :func:`i2ikit.config.batch.batch_shapes`.
    """
    divisors = [int(divisor) for divisor, _ in config["data"].get("progressive") or ()]
    return {
        divisor: {name: (*shape[:2], *(side // divisor for side in shape[2:])) for name, shape in shapes.items()}
        for divisor in divisors
    }


def size_error(config: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> ConfigProblem | None:
    """Return the term that fails on images of the full size or of one of the smaller sizes, and why; None if none does.

    Args:
        config, shapes: as for :func:`i2ikit.config.trial.trial_error`.
    """
    failed = trial_error(config, shapes)
    return failed if failed is not None else smaller_error(config, shapes)


def smaller_error(config: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> ConfigProblem | None:
    """Return the divisor of ``data.progressive`` whose images a term fails on, and why; None if there is none."""
    for divisor, small in smaller_shapes(config, shapes).items():
        failed = trial_error(config, small)
        if failed is not None:
            height, width = small["a"][2:]
            return ConfigProblem(
                KEY,
                f"sides divided by {divisor} are {width} x {height} pixels, which {failed.path} does not take: "
                f"{failed.message}. Use a smaller divisor, or leave the sizes as they are: `--set {KEY}=[]`",
            )
    return None


def smaller_errors(config: Mapping[str, Any], model: "UnpairedTranslation") -> list[ConfigProblem]:
    """Return what is wrong with ``data.progressive`` for the networks of a model; nothing where the size is unknown."""
    try:
        failed = smaller_error(config, batch_shapes(config, model))
    except I2IKitError:  # the size depends on the files; the run checks its first batch
        return []
    return [failed] if failed is not None else []
