"""`i2ikit translate`: translate images with a trained generator."""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.cli.console import busy, counting, write
from i2ikit.cli.options import CheckpointPath, Device, GeneratorName, Imports, ValueRange, Weights, takes
from i2ikit.errors import I2IKitError

if TYPE_CHECKING:
    from i2ikit.inference.folders import FolderOptions, Progress
    from i2ikit.inference.loading import LoadOptions


class Precision(str, Enum):
    """What a network computes in."""

    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"


class Engine(str, Enum):
    """What runs the translation of a folder."""

    local = "local"
    ray = "ray"


def _batch(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise typer.BadParameter(f"{text!r} is neither auto nor a number from 1.")
    return int(text)


def _shard(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text.strip())
    index, count = map(int, found.groups()) if found else (0, 0)
    if not 1 <= index <= count:
        raise typer.BadParameter(f"{text!r} is no share such as 1/4: I/N with I from 1 to N.")
    return index, count


@dataclass(frozen=True)
class TranslateOptions:
    """The arguments and options of `i2ikit translate`."""

    checkpoint: CheckpointPath
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="An image, or a folder of images.")]
    target: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="A folder; for a single image also a file. Names are kept.")
    ]
    generator: GeneratorName = None
    weights: Annotated[
        Weights,
        typer.Option("--weights", help="average: the moving average of the generator, if there is one. raw: its own."),
    ] = Weights.average
    device: Device = "auto"
    size: Annotated[
        int | None,
        typer.Option(
            "--size", min=1, metavar="N", help="Resize the shorter side to N pixels first, and the output back."
        ),
    ] = None
    value_range: ValueRange = None
    precision: Annotated[
        Precision, typer.Option("--precision", help="What the network computes in; fp16 needs a CUDA device.")
    ] = Precision.fp32
    compile: Annotated[
        bool, typer.Option("--compile", help="Let torch.compile make the network faster; the first image takes long.")
    ] = False
    batch: Annotated[
        Any, typer.Option("--batch", parser=_batch, metavar="N", help="Images of equal size at a time; or auto.")
    ] = None
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=1, metavar="N", help="Threads that read and write files; with Ray: processes. Or by cores."
        ),
    ] = None
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Keep outputs that are complete: continue an interrupted folder.")
    ] = False
    shard: Annotated[
        Any,
        typer.Option(
            "--shard",
            parser=_shard,
            metavar="I/N",
            help="The I-th of N shares of a folder, such as 1/4, one per machine.",
        ),
    ] = None
    engine: Annotated[
        Engine, typer.Option("--engine", help="ray: on all machines of a Ray cluster, or on this one.")
    ] = Engine.local
    imports: Imports = None

    def load_options(self) -> "LoadOptions":
        """Return the keyword arguments of :meth:`i2ikit.inference.Translator.load` by which it reads a checkpoint."""
        return {
            "generator": self.generator,
            "size": self.size,
            "value_range": self.value_range,
            "weights": self.weights.value,
        }

    def folder_options(self, progress: "Progress") -> "FolderOptions":
        """Return the keyword arguments of :meth:`i2ikit.inference.Translator.folder`."""
        return {"on_progress": progress, "batch": self.batch, "skip_existing": self.skip_existing}


@takes(TranslateOptions)
def translate(options: TranslateOptions) -> None:
    """Translate an image, or all images below a folder."""
    count = (_translate_by_ray if options.engine is Engine.ray else _translate_here)(options)
    write(f"{count} {'image' if count == 1 else 'images'} written to {options.target}")


def _translate_here(options: TranslateOptions) -> int:
    with busy("Loading the model"):
        from i2ikit.config.imports import import_files
        from i2ikit.distributed.launch import find_rank, rank_device
        from i2ikit.inference import Translator
        from i2ikit.inference.plan import refuse_swapped

        refuse_swapped(options.checkpoint, options.source, options.target)
        import_files(options.imports or ())
        rank = find_rank()
        translator = Translator.load(
            options.checkpoint,
            rank_device(options.device, rank),
            options.precision.value,
            options.compile,
            **options.load_options(),
        )
    index, shards = options.shard or (1, 1)
    share = ((index - 1) * rank.count + rank.rank + 1, shards * rank.count)
    with counting("Translating") as progress:
        given: FolderOptions = {**options.folder_options(progress), "workers": options.workers, "share": share}
        return translator.folder(options.source, options.target, **given)


def _translate_by_ray(options: TranslateOptions) -> int:
    from i2ikit.inference.plan import refuse_swapped
    from i2ikit.inference.ray_engine import Model, translate_folder

    if options.shard is not None:
        raise I2IKitError("--shard and --engine ray exclude each other: Ray shares the folder among its workers itself")
    refuse_swapped(options.checkpoint, options.source, options.target)
    model = Model(
        options.checkpoint.absolute(),
        options.device,
        options.precision.value,
        options.compile,
        options.load_options(),
        tuple(file.absolute() for file in options.imports or ()),
    )
    with counting("Translating") as progress:
        given = options.folder_options(progress)
        return translate_folder(model, options.source, options.target, given, workers=options.workers)
