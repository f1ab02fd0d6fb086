"""The weights of outputs as a safetensors file."""

from pathlib import Path

from i2ikit.engine.checkpointing.weights_file import SUFFIX, weights_content
from i2ikit.errors import I2IKitError
from i2ikit.inference.export.exporting import refuse_target, write_file
from i2ikit.inference.export.published import chosen_outputs, published
from i2ikit.inference.trained_model import TrainedModel


def export_weights(trained: TrainedModel, path: Path, output: str | None = None, weights: str = "average") -> list[str]:
    """Write the weights of outputs with their config; i2ikit reads the file wherever it reads a checkpoint.

    Args:
        trained: the model.
        path: the file, with the extension ``.safetensors``.
        output: its name; None: all.
        weights: see :meth:`TrainedModel.generators_of`.

    Returns:
        names of the outputs that were written.

    Raises:
        CheckpointError: there is no such output, or its weights are not tensors alone.
        I2IKitError: the path has another extension, or safetensors is not installed.
        RunError: the file cannot be written.
    """
    refuse_target(trained, path, f"model{SUFFIX}")
    if path.suffix != SUFFIX:
        raise I2IKitError(f"--out {path} must end in {SUFFIX}, by which i2ikit knows such a file.")
    names = chosen_outputs(trained, output)
    write_file(path, weights_content(published(trained, names, weights)))
    return names
