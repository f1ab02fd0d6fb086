"""`i2ikit import`: published weights and command lines in."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from i2ikit.cli.console import busy, complain, write
from i2ikit.errors import I2IKitError
from i2ikit.work_dir import refuse_output


def import_weights(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=]FILE...",
            help="State dicts of CycleGAN, CUT, EnCo, DCLGAN or SinCUT; "
            "NAME, such as G_A, unless the file name ends in _net_NAME.",
        ),
    ] = None,
    target: Annotated[
        Path | None,
        typer.Option("--out", "--output", metavar="FILE", help="The checkpoint to write, or the config of --options."),
    ] = None,
    options: Annotated[
        str | None,
        typer.Option(
            "--options",
            metavar="COMMAND",
            help='Translate a training command of the published code, such as "python train.py --model cut ...".',
        ),
    ] = None,
) -> None:
    """Read weights, or a command line, of the published code.

    Weights become a checkpoint, a command line a config. The architecture is detected. Translate with the
    checkpoint, or start a training from it: train --init.
    """
    if options is not None and files:
        raise I2IKitError("--options translates a command line and takes no files of weights: import them separately")
    if options is not None:
        _write_config(options, target)
    elif not files:
        raise I2IKitError('give files of weights and --out CHECKPOINT, or a command: --options "python train.py ..."')
    elif target is None:
        raise I2IKitError("--out CHECKPOINT is missing: the file to write")
    else:
        _write_checkpoint(files, target)


def _write_checkpoint(files: list[str], target: Path) -> None:
    refuse_output(target, "imported.pt")
    with busy("Reading the weights"):
        from i2ikit.engine.checkpointing.checkpoint import write_checkpoint
        from i2ikit.inference.interop.importing import import_files

        checkpoint, found = import_files(files)
        write_checkpoint(target, checkpoint)
    for each in found:
        arguments = ", ".join(f"{key}={value}" for key, value in each.config.items() if key != "type")
        title = f"{each.path} -> {each.name}: {each.config['type']}, {each.parameters:,} parameters"
        write(title)
        for line in (arguments, *each.notes):
            write(f"  {line}")
    write(f"written to {target}")


def _write_config(command: str, target: Path | None) -> None:
    with busy("Translating the command"):
        from i2ikit.inference.interop.options import translate_command

        translation = translate_command(command)
    if target is None:
        typer.echo(translation.source("CONFIG.py"), nl=False)
        for option, why in translation.notes:
            complain(f"{option}: {why}")
        return
    if target.suffix != ".py" or target.exists():
        why = "exists already" if target.exists() else "does not end in .py, as a config does"
        raise I2IKitError(f"--output {target} {why}; choose another name")
    from i2ikit.files import write_atomically

    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, translation.source(str(target)))
    for option, why in translation.notes:
        write(f"{option}: {why}")
    write(f"written to {target}, which inherits from {translation.base}. Check it, then train:")
    for line in (f"i2ikit check {shlex.quote(str(target))}", *translation.train(str(target))):
        write(f"  {line}")
