"""`i2ikit train --data DIR` and `i2ikit check --data DIR` without a config: the choice of one, and the full command."""

import shlex
from dataclasses import fields, replace
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from typer.models import OptionInfo

from i2ikit.cli.console import busy, write
from i2ikit.cli.options import ConfigOptions, folders
from i2ikit.errors import I2IKitError

Options = TypeVar("Options", bound=ConfigOptions)


def with_default_config(command: str, options: Options, device: str = "auto", **changes: Any) -> Options:
    """Return options with a config that suits the images and the machine; print why, and the same command in full.

    Args:
        command: its name.
        options: a dataclass; its config is None. Its own recipes and overrides come after those that are chosen.
        device: as for ``--device``.
        changes: other options of the full command.

    Raises:
        I2IKitError: no images are named.
        DataError: there are none, or they cannot be read.
    """
    source = folders(options.data, options.data_a, options.data_b)
    if source is None:
        raise I2IKitError(
            f"name a config, such as `i2ikit {command} cut/stripes`, or your images, `i2ikit {command} --data DIR`; "
            "`i2ikit list configs` lists the packaged configs."
        )
    with busy("Reading the sizes of the images"):
        from i2ikit.config.choice import choose_config, inspect_images, inspect_machine
        from i2ikit.distributed.device import pick_device

        images = inspect_images(source)
        choice = choose_config(images, inspect_machine(pick_device(device)))
    full = replace(
        options,
        config=choice.config,
        recipes=[",".join(choice.recipes), *(options.recipes or ())],
        overrides=[*choice.overrides, *(options.overrides or ())],
        **changes,
    )
    write(f"No config is named; chosen for {' and '.join(f'{count:,}' for count in images.counts.values())} images:")
    for reason in choice.reasons:
        write(f"  {reason}")
    write("The same command in full:")
    write(f"  {full_command(command, full)}")
    return full


def full_command(command: str, options: Any) -> str:
    """Return a command as it is typed.

    Args:
        command: its name.
        options: a dataclass whose fields are annotated as the parameters of the command.
    """
    hints, words = get_type_hints(type(options), include_extras=True), ["i2ikit", command]
    for field in fields(options):
        value, (info, *_) = getattr(options, field.name), hints[field.name].__metadata__
        name = [str(info.default)] if isinstance(info, OptionInfo) else []  # typer keeps the first argument there
        if value == field.default:
            continue
        for each in value if isinstance(value, list) else [value]:
            words += [*name, *([] if each is True else [str(each.value if isinstance(each, Enum) else each)])]
    return shlex.join(words)


def folder_name(options: ConfigOptions) -> str:
    """Return a name for a run on images: that of their folder."""
    return Path(options.data or options.data_a or "").resolve().name or "images"
