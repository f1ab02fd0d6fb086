"""`i2ikit translate`: translate images with a trained generator."""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i2ikit.checks import MOST_PIXELS
from i2ikit.cli.console import busy, counting, write
from i2ikit.cli.options import CheckpointPath, Device, Imports, OutputName, ValueRange, Weights, takes
from i2ikit.errors import I2IKitError, counted

if TYPE_CHECKING:
    from i2ikit.inference.folders import FolderOptions, Progress
    from i2ikit.inference.loading import LoadOptions
    from i2ikit.inference.sequences.translate import SequenceResult


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


def _memory(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?([kmgt]i?b?)", text.strip(), re.IGNORECASE)
    size = float(found[1]) * 1024 ** (" kmgt".index(found[2][0].lower())) if found else 0
    if size < 1:
        raise typer.BadParameter(f"{text!r} is no amount of memory such as 2GB or 500MB.")
    return int(size)


def _shard(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text.strip())
    index, count = map(int, found.groups()) if found else (0, 0)
    if not 1 <= index <= count:
        raise typer.BadParameter(f"{text!r} is no share such as 1/4: I/N with I from 1 to N.")
    return index, count


def _input(text: str) -> tuple[str, str]:
    name, separator, file = text.partition("=")
    if not (name.isidentifier() and separator and file):
        raise typer.BadParameter(f"{text!r} is no input such as b=style.png: NAME=FILE or NAME=FOLDER.")
    return name, file


@dataclass(frozen=True)
class TranslateOptions:
    """The arguments and options of `i2ikit translate`."""

    checkpoint: CheckpointPath
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="An image, a video, or a folder of them.")]
    target: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="A folder; for a single file also a file. Names are kept.")
    ]
    output: OutputName = None
    weights: Annotated[
        Weights,
        typer.Option("--weights", help="average: the moving average of the generator, if there is one. raw: its own."),
    ] = Weights.average
    device: Device = "auto"
    size: Annotated[
        int | None,
        typer.Option(
            "--size",
            min=1,
            max=MOST_PIXELS,
            metavar="N",
            help="Resize the shorter side to N pixels first, and the output back.",
        ),
    ] = None
    value_range: ValueRange = None
    seed: Annotated[
        int, typer.Option("--seed", min=0, metavar="S", help="Of the random values of the output, if it has some.")
    ] = 0
    samples: Annotated[
        int | None,
        typer.Option("--samples", min=1, metavar="N", help="N random translations of each image: NAME_0, NAME_1 ..."),
    ] = None
    inputs: Annotated[
        list[Any] | None,
        typer.Option(
            "--input",
            parser=_input,
            metavar="NAME=FILE",
            help="Another image that the output reads, or a folder of images of the same names. Repeatable.",
        ),
    ] = None
    smooth: Annotated[
        float,
        typer.Option(
            "--smooth", min=0, max=1, metavar="S", help="Let videos and animations flicker less, by 0 to 1; try 0.5."
        ),
    ] = 0
    memory: Annotated[
        Any,
        typer.Option(
            "--memory",
            parser=_memory,
            metavar="SIZE",
            help="Translate images that need more than SIZE, such as 2GB, in tiles. Else by the memory that is free.",
        ),
    ] = None
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
            "output": self.output,
            "size": self.size,
            "memory": self.memory,
            "value_range": self.value_range,
            "weights": self.weights.value,
            "smooth": self.smooth,
        }

    def folder_options(self, progress: "Progress") -> "FolderOptions":
        """Return the keyword arguments of :meth:`i2ikit.inference.Translator.folder`."""
        return {
            "on_progress": progress,
            "batch": self.batch,
            "skip_existing": self.skip_existing,
            "seed": self.seed,
            "samples": self.samples,
            "inputs": self._absolute_inputs(),
        }

    def _absolute_inputs(self) -> dict[str, Path]:
        """Return the files by name: paths that workers of Ray, which run in other folders, find too.

        Raises:
            I2IKitError: a name is given twice.
        """
        found: dict[str, Path] = {}
        for name, file in self.inputs or ():
            if name in found:
                raise I2IKitError(f"--input {name}=... is given twice: {found[name]} and {file}; leave one out")
            found[name] = Path(file).expanduser().absolute()
        return found


@takes(TranslateOptions)
def translate(options: TranslateOptions) -> None:
    """Translate an image or a video, or all below a folder."""
    count = (_translate_by_ray if options.engine is Engine.ray else _translate_here)(options)
    write(f"{counted(count, 'file')} written to {options.target}")


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
    sequences: list[str] = []

    def note(file: Path, result: "SequenceResult") -> None:
        sequences.append(f"{file}: {describe_sequence(result)}")

    try:
        with counting("Translating") as progress:
            given = options.folder_options(progress)
            given |= {"workers": options.workers, "share": share, "on_sequence": note}
            return translator.folder(options.source, options.target, **given)
    finally:
        for line in sequences:
            write(line)


def describe_sequence(result: "SequenceResult") -> str:
    """Return the number of frames, and the flicker before and after, in percent of the range of values."""
    frames = "1 frame" if result.frames == 1 else f"{result.frames} frames"
    if result.flicker is None:
        return frames
    before, after = result.flicker.input, result.flicker.output
    times = f", {after / before:.2g} times as much" if before > 0 else ""
    return f"{frames}; flicker {100 * before:.2g} % before, {100 * after:.2g} % after{times}"


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
