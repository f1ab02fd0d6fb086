"""A model as a folder for the Hugging Face hub: weights as safetensors, config, page and samples."""

import json
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from i2ikit.engine.checkpointing.weights_file import weights_content
from i2ikit.errors import I2IKitError, RunError
from i2ikit.files import describe_os_error, folder_atomically
from i2ikit.inference.export.published import chosen_outputs, published
from i2ikit.inference.hub import ABOUT, WEIGHTS
from i2ikit.inference.trained_model import TrainedModel
from i2ikit.translation.outputs import domains_of

ATTRIBUTES = "*.safetensors filter=lfs diff=lfs merge=lfs -text\n"  # git of the hub keeps large files apart


def export_hub(
    trained: TrainedModel,
    folder: Path,
    page: str,
    images: Mapping[str, Path],
    output: str | None = None,
    weights: str = "average",
) -> list[str]:
    """Write a folder that can be uploaded to the hub, and that i2ikit reads as a checkpoint.

    Args:
        trained: the model.
        folder: new or empty.
        page: Markdown, with the fields of the hub.
        images: on the page, by their names in the folder.
        output: its name; None: all.
        weights: see :meth:`TrainedModel.generators_of`.

    Returns:
        names of the outputs that were written.

    Raises:
        CheckpointError: there is no such output.
        I2IKitError: the folder holds files, or safetensors is not installed.
        RunError: it cannot be written; there is no folder then.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise I2IKitError(f"--out {folder} is not empty: name a new folder.")
    names = chosen_outputs(trained, output)
    content = published(trained, names, weights)
    file = weights_content(content)
    about = {
        "library_name": "i2ikit",
        "model_type": "i2ikit",
        "outputs": {
            name: {"source": source, "target": target, "expression": str(trained.outputs[name])}
            for name in names
            for source, target in [domains_of(name)]
        },
        "generators": content.config["model"]["generators"],
        "config": content.config,
        "step": content.progress.get("step"),
        "versions": content.versions,
        "plugins": content.plugins,
        "sha256": sha256(file).hexdigest(),
    }
    texts = {ABOUT: json.dumps(about, indent=2) + "\n", "README.md": page, ".gitattributes": ATTRIBUTES}
    try:
        with folder_atomically(folder) as new:
            (new / WEIGHTS).write_bytes(file)
            for name, text in texts.items():
                (new / name).write_text(text, encoding="utf-8", errors="replace")
            for name, image in images.items():
                (new / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(image, new / name)
    except OSError as error:
        raise RunError(f"cannot write {folder}: {describe_os_error(error)}") from error
    return names
