"""A published command line as a config file: a preset as its base, and only what differs from it."""

import copy
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from i2ikit.config import find_config, load_config, packaged_configs
from i2ikit.config.defaults import with_argument_defaults
from i2ikit.config.dump import dump_config
from i2ikit.config.sections import COLLECTIONS
from i2ikit.errors import ConfigError, one_line
from i2ikit.inference.interop.options.command_line import SOURCE, PublishedCommand, parse_command
from i2ikit.inference.interop.options.networks import Config
from i2ikit.inference.interop.options.objective import method_config, method_file
from i2ikit.inference.interop.options.training import notes, set_data, set_intervals, set_length, train_command
from i2ikit.published_options import PROGRAMS

USUAL = ("horse2zebra", "single_image_monet_etretat")  # presets of which every method has one
NAMED = (*COLLECTIONS, "phases")  # an inherited part or phase in these goes by setting it to None
WIDTH = 110  # characters of a line of comment
SWITCHED = ("no_predictor",)  # options that change the training and have no counterpart


@dataclass(frozen=True)
class Translation:
    """A published command in the words of i2ikit.

    Attributes:
        command: the published one.
        base: name of the preset that the config inherits from, such as ``cut/horse2zebra``.
        changes: what the config sets, by section.
        notes: options without a counterpart or with another meaning, each with the reason.
    """

    command: PublishedCommand
    base: str
    changes: Config
    notes: tuple[tuple[str, str], ...]

    def train(self, config: str) -> list[str]:
        """Return the shell commands that train with the config at this path."""
        return train_command(self.command, config)

    def source(self, config: str) -> str:
        """Return the text of the config file, for a file of this path."""
        title = f"Translated by `i2ikit import --options` from a command of {PROGRAMS[self.command.model]}:"
        lines = [title, *_wrapped(self.command.text, "  ")]
        if self.notes:
            lines += ["Options without a counterpart, or with another meaning:"]
            lines += [line for option, why in self.notes for line in _wrapped(f"{option}: {why}", "  ")]
        lines += ["Train with:", *(f"  {one_line(line)}" for line in self.train(config))]
        comment = "".join(f"# {line}\n" for line in lines)
        changes = f"\n{dump_config(self.changes)}" if self.changes else ""
        return f'{comment}_base_ = "i2ikit::{self.base}.py"\n{changes}'


def translate_command(text: str) -> Translation:
    """Return a command of a published training program as a config.

    Every option that changes the training is translated, defaults included; intervals of log, samples and checkpoints
    only where the command sets them.

    Args:
        text: such as ``python train.py --dataroot ./datasets/horse2zebra --name h2z --model cut``.

    Raises:
        ConfigError: an option is unknown, or a value that changes the training has no counterpart.
    """
    command = parse_command(text)
    wrong = [f"--{name} {command.options[name]} has no counterpart" for name in SWITCHED if command.options.get(name)]
    if wrong:
        raise ConfigError(SOURCE, wrong)
    options = _complete(command)
    method = method_file(options).stem
    base = _preset(method, PurePath(options["dataroot"]).name)
    inherited = load_config(find_config(f"i2ikit::{base}"))
    target = copy.deepcopy(inherited)
    made = method_config(options)
    target.update(model=made["model"], optimizer={**inherited["optimizer"], **made["optimizer"]})
    set_data(target, command)
    set_length(target, options)
    set_intervals(target, command)
    changes = difference(_filled(inherited), _filled(target))
    return Translation(command, base, changes, tuple(notes(command)))


def _complete(command: PublishedCommand) -> Config:
    """Return the options of a command with what other programs call differently, or do not let their users choose."""
    options = dict(command.options)
    if command.model == "cycle_gan":
        options.update(normG=options["norm"], normD=options["norm"], beta2=0.999)
        options.update(no_antialias=True, no_antialias_up=True, stylegan2_G_num_downsampling=1)
    return options


def _filled(config: Config) -> Config:
    """Return a config with the defaults of its parts, but for the channels of networks, which follow the data."""
    filled = copy.deepcopy(with_argument_defaults(config))
    for network in (*filled["model"]["generators"].values(), *filled["model"]["discriminators"].values()):
        for argument in ("in_channels", "out_channels"):
            network.pop(argument, None)
    return filled


def _preset(method: str, data: str) -> str:
    """Return the preset of a method for a data set, or the one that all methods have."""
    known = packaged_configs()
    return next(name for name in (f"{method}/{each}" for each in (data, *USUAL)) if name in known)


def difference(base: Mapping[str, Any], target: Mapping[str, Any], inside: str = "") -> Config:
    """Return what a config that inherits from ``base`` must set to equal ``target``.

    Args:
        base, target: plain.
        inside: the key under which both stand.
    """
    changes: Config = {}
    for key, value in target.items():
        old = base.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            inner = difference(old, value, key)
            if inner:
                changes[key] = inner
        elif key not in base or value != old:
            changes[key] = value
    gone = [key for key in base if key not in target]
    if base.get("type") != target.get("type") or (gone and inside not in NAMED):
        return {"_delete_": True, **target}
    return changes | dict.fromkeys(gone)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        one_line(text), WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )
