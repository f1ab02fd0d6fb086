"""Reads a command line of a published training program as the program does: with argparse, defaults by model."""

import argparse
import math
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from i2ikit.errors import ConfigError, nearest_hint
from i2ikit.published_options import OLD_NAMES, OPTIONS, PROGRAMS, Option, defaults, options_of

SOURCE = "the command line"
REFUSED = {  # models of the published programs that have no preset, and what to do
    "pix2pix": "it trains on pairs, see PairedFolders in docs/formats.md",
    "colorization": "it trains on pairs, see PairedFolders in docs/formats.md",
    "test": "it translates images: i2ikit import FILE --out model.pt, then i2ikit translate model.pt IMAGES OUT",
    "simdcl": "start from the preset simdcl/horse2zebra and change it with --set",
    "sinenco": "the published code of it does not run; see the preset sinenco/single_image_monet_etretat",
}
WITHOUT_MODEL = ("cycle_gan", "cut", "dcl")  # what the programs train when --model is not given
SIZES = ("input_nc", "output_nc", "ngf", "ndf", "n_layers_D", "stylegan2_G_num_downsampling", "netF_nc", "load_size")
INTERVALS = ("print_freq", "display_freq", "update_html_freq", "save_latest_freq", "save_epoch_freq", "evaluation_freq")
WEIGHTS = ("lambda_A", "lambda_B", "lambda_identity", "lambda_GAN", "lambda_NCE", "lambda_IDT", "lambda_R1")
RATES = ("lr", "lr_G", "lr_D", "lr_F")
COUNTS = ("crop_size", "batch_size", "max_dataset_size", "lr_decay_iters", "oversample_ratio")
RANGES: Mapping[str, tuple[Callable[[float], bool], tuple[str, ...]]] = {  # of numbers, by the words of the message
    "above 0": (lambda value: value > 0, (*SIZES, *INTERVALS, *COUNTS, "init_gain", "nce_T")),
    "0 or more": (
        lambda value: value >= 0,
        (*WEIGHTS, *RATES, "n_epochs", "n_epochs_decay", "num_threads", "pool_size", "num_patches"),
    ),
    "1 or more": (lambda value: value >= 1, ("random_scale_max",)),
    "in 0..1": (lambda value: 0 <= value <= 1, ("random_ratio",)),
    "at least 0 and below 1": (lambda value: 0 <= value < 1, ("beta1", "beta2")),
}
LAYERS = re.compile(r"\d+(,\d+)*")
DEVICES = re.compile(r"-?\d+(,-?\d+)*")
TRUE, FALSE = ("yes", "true", "t", "y", "1"), ("no", "false", "f", "n", "0")


@dataclass(frozen=True)
class PublishedCommand:
    """One command of a published training program.

    Attributes:
        text: as given, on one line.
        model: of ``PROGRAMS``.
        options: every option of the model, by name.
        given: names of the options in ``text``, in their order.
    """

    text: str
    model: str
    options: Mapping[str, Any]
    given: tuple[str, ...]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(SOURCE, [message])


def parse_command(text: str) -> PublishedCommand:
    """Read a command such as ``python train.py --dataroot DIR --model cut``, or only its options.

    What stands before the name of the script is ignored. Names may be shortened, as argparse allows, and may be those
    of earlier versions of the programs.

    Raises:
        ConfigError: it trains no model that has a preset here, an option is unknown or has another value; the message
            has the nearest names.
    """
    words = _arguments(text)
    model = _model(words)
    given = _parse(words, list(options_of(model).values()), model)
    known = options_of(model)
    wrong = [
        f"--{name} {value}: must be one of {', '.join(known[name].choices)}.{nearest_hint(value, known[name].choices)}"
        for name, value in given.items()
        if known[name].choices and value not in known[name].choices
    ]
    if given.get("CUT_mode", "cut").lower() not in ("cut", "fastcut"):
        wrong.append(f"--CUT_mode {given['CUT_mode']}: must be CUT or FastCUT")
    for allowed, (fits, names) in RANGES.items():
        wrong += [
            f"--{name} {given[name]}: must be {allowed}" for name in names if name in given and not fits(given[name])
        ]
    if given.get("n_epochs") == given.get("n_epochs_decay") == 0:
        wrong.append("--n_epochs 0 --n_epochs_decay 0: their sum is the length of the run and must be above 0")
    if not DEVICES.fullmatch(given.get("gpu_ids", "0")):
        wrong.append(f"--gpu_ids {given['gpu_ids']}: must be numbers, such as 0 or 0,1, or -1 for the CPU")
    if not LAYERS.fullmatch(given.get("nce_layers", "0")):
        wrong.append(f"--nce_layers {given['nce_layers']}: must be numbers of layers, such as 0,4,8")
    if not given.get("dataroot"):
        wrong.append("--dataroot is missing: the folder that holds trainA and trainB")
    if wrong:
        raise ConfigError(SOURCE, wrong)
    options = defaults(model, given.get("CUT_mode", "")) | given | {"model": model}
    return PublishedCommand(" ".join(text.replace("\\\n", " ").split()), model, options, tuple(given))


def _arguments(text: str) -> list[str]:
    """Return the words of a command behind its script."""
    try:
        words = shlex.split(text.replace("\\\n", " "))
    except ValueError as error:
        raise ConfigError(SOURCE, [f"it cannot be split into words: {error}"]) from None
    scripts = [index for index, word in enumerate(words) if word.endswith(".py")]
    if scripts and words[scripts[0]].endswith("test.py"):
        advice = "i2ikit import CHECKPOINT_FILES --out model.pt, then i2ikit translate model.pt IMAGES OUT"
        raise ConfigError(SOURCE, [f"test.py translates images; here that is {advice}"])
    launcher = re.search(r"\bpython[\d.]*\s+-m\s+\S+", text)
    if launcher and not scripts:
        advice = "give the `python train.py ...` that it prints and starts, such as"
        example = "python train.py --dataroot ./datasets/grumpifycat --name grumpifycat_CUT --CUT_mode CUT"
        raise ConfigError(SOURCE, [f"`{launcher[0]}` is not the command that trains: {advice} `{example}`"])
    return words[scripts[0] + 1 :] if scripts else words


def _model(words: Sequence[str]) -> str:
    """Return the model that a command trains: the given one, or the one that has all of its options."""
    found = _parse(words, OPTIONS)
    model = found.get("model", "")
    if model in PROGRAMS:
        return str(model)
    if model:
        why = REFUSED.get(model) or f"the translated ones are {', '.join(PROGRAMS)}.{nearest_hint(model, PROGRAMS)}"
        raise ConfigError(SOURCE, [f"--model {model} has no translation: {why}"])
    fitting = [each for each in WITHOUT_MODEL if set(found) <= set(options_of(each))]
    if not fitting or len(fitting) == len(WITHOUT_MODEL):
        raise ConfigError(SOURCE, [f"--model is missing: add one of {', '.join(map('--model {}'.format, PROGRAMS))}"])
    return fitting[0]


def _parse(words: Sequence[str], options: Sequence[Option], model: str = "") -> dict[str, Any]:
    """Return the options in some words, those that are in both under their current name."""
    parser = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    old = {new: [old for old, each in OLD_NAMES.items() if each == new] for new in OLD_NAMES.values()}
    for option in options:
        names = [f"--{name}" for name in (option.name, *old.get(option.name, ()))]
        if isinstance(option.default, bool):
            parser.add_argument(*names, dest=option.name, type=_truth, nargs="?", const=True)
        else:
            parser.add_argument(*names, dest=option.name, type=_type(option.default))
    found, rest = parser.parse_known_args(list(words))
    if rest:
        unknown = [_unknown(word, options, model) for word in rest if word.startswith("-")]
        stray = f"{shlex.join(rest)}: belongs to no option; options are --NAME VALUE, such as --dataroot DIR"
        raise ConfigError(SOURCE, unknown or [stray])
    return vars(found)


def _type(default: Any) -> Any:
    """Return what reads the values of an option: the type of its default, whole numbers for a limit of images."""
    if isinstance(default, float) and default != math.inf:
        return _number
    return int if default == math.inf else str if default is None else type(default)


def _number(text: str) -> float:
    """Return a finite number: the Python of a config has no other."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"must be a number, not {text!r}")
    return value


def _truth(text: str) -> bool:
    if text.lower() not in (*TRUE, *FALSE):
        raise argparse.ArgumentTypeError(f"must be True or False, not {text!r}")
    return text.lower() in TRUE


def _unknown(word: str, options: Sequence[Option], model: str) -> str:
    name = word.lstrip("-").partition("=")[0]
    if not word.startswith(f"--{name}"):
        exact = name in OLD_NAMES or any(option.name == name for option in options)
        hint = f" Nearest: '--{name}'." if exact else nearest_hint(name, [option.name for option in options])
        return f"there is no option {word.partition('=')[0]}: names of options begin with two dashes.{hint}"
    others = [option for option in OPTIONS if option.name == name]
    if others:
        return f"--{name} is an option of --model {', '.join(others[0].models)}, not of --model {model}"
    hint = nearest_hint(name, [option.name for option in options])
    of = f"{PROGRAMS[model]}" if model else "the published programs"
    return f"there is no option --{name} in {of}.{hint}"
