"""Published options outside of the model: data, length, schedule, log, samples and checkpoints."""

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

from i2ikit.errors import ConfigError
from i2ikit.inference.interop.options.command_line import SOURCE, PublishedCommand
from i2ikit.inference.interop.options.networks import Config, Options
from i2ikit.published_options import options_of

DATASETS = {"unaligned": "UnpairedFolders", "singleimage": "SingleImagePair"}
PUBLISHED_ZOOM = 3.0  # random_scale_max, the reciprocal of smallest_zoom
VARIABLE = re.compile(r"\$[\w{(]|`")  # what a shell replaces
UNSET = "a variable of the shell is not replaced here: put its value there"
PLATEAU = 6  # epochs between two reductions of ReduceLROnPlateau that always sees the same value


def set_data(config: Config, command: PublishedCommand) -> None:
    """Set the data of a config: folder, sizes, transform, batch, channels.

    Raises:
        ConfigError: data sets of the mode have no counterpart, or the model has others.
    """
    options, data = command.options, config["data"]
    kind = DATASETS.get(options["dataset_mode"])
    if kind != data["train"]["type"]:
        raise ConfigError(SOURCE, [f"--dataset_mode {options['dataset_mode']}: {command.model} has no such data here"])
    for split in (data["train"], data["test"]):
        split["root"] = str(PurePath(options["dataroot"]))
        if split.get("direction", "AtoB") != options["direction"]:
            split["direction"] = options["direction"]
    data.update(batch_size=options["batch_size"], crop_size=options["crop_size"])
    if "num_threads" in command.given:
        data["workers"] = options["num_threads"]
    channels = {"a": options["input_nc"], "b": options["output_nc"]}
    if set(channels.values()) != {3}:
        data["channels"] = channels["a"] if channels["a"] == channels["b"] else channels
    if options["phase"] != "train":
        data["train"]["split"] = options["phase"]
    if kind == "SingleImagePair":
        if options["random_scale_max"] != PUBLISHED_ZOOM:
            data["train"]["smallest_zoom"] = 1 / options["random_scale_max"]
        data["train"].update(_flip(options))
        return
    data["load_size"] = options["load_size"]
    data["train"]["transform"] = _transform(options, command.model != "cycle_gan")
    if options["serial_batches"]:
        data["train"]["pairing"] = "serial"


def _flip(options: Options) -> Config:
    """Return the argument of data that are not mirrored at random; EnCo has another option that does the same."""
    mirrored = not options["no_flip"] or (options["model"] == "enco" and options["flip_equivariance"])
    return {} if mirrored else {"flip": 0.0}


def _transform(options: Options, newer: bool) -> Config:
    """Return the transform of a mode of pre-processing; the newer programs round sizes and end the jitter of crops."""
    mode, crop = options["preprocess"], {"crop_size": options["crop_size"]}
    halved = newer and "gta2cityscapes" in options["dataroot"]
    if mode == "resize_and_crop" and not halved:
        jitter = {"finetune_after": options["n_epochs"]} if newer else {}
        return {"type": "ResizeCropFlip", **_flip(options), **jitter}
    size = {"load_size": options["load_size"]}
    parts: list[Config] = []
    if "resize" in mode:
        parts.append({"type": "Resize", "size": options["load_size"], "height": options["load_size"] // 2})
    elif "scale_width" in mode:
        parts.append({"type": "ScaleWidth", **size, **crop})
    elif "scale_shortside" in mode:
        parts.append({"type": "ScaleShortSide", **size})
    for word, kind in (("zoom", "RandomZoom"), ("crop", "RandomCrop"), ("trim", "RandomTrim")):
        if word in mode:
            parts.append({"type": kind, **crop})
    if newer or mode == "none":
        parts.append({"type": "ResizeToMultiple"})
    if not _flip(options):
        parts.append({"type": "RandomMirror"})
    return {"type": "Compose", "transforms": parts}


def set_length(config: Config, options: Options) -> None:
    """Set the number of epochs and the schedule of the learning rate."""
    constant, decay = options["n_epochs"], options["n_epochs_decay"]
    config["train"]["epochs"] = constant + decay
    kind = "LinearDecayToZero" if options["model"] == "cycle_gan" else "LinearDecay"
    schedule: Config = {"type": kind, "constant": constant, "decay": decay}
    if options.get("warmup_epochs", -1) > 0:
        schedule["warmup"] = options["warmup_epochs"]
    config["schedule"] = {
        "step": {"type": "StepDecay", "every": options["lr_decay_iters"], "factor": 0.1},
        "plateau": {"type": "StepDecay", "every": PLATEAU, "factor": 0.2},
        "cosine": {"type": "CosineDecay"},
    }.get(options["lr_policy"], schedule)


def set_intervals(config: Config, command: PublishedCommand) -> None:
    """Set how often the run logs, makes samples and saves, where the command says so; the programs count images."""
    batch = command.options["batch_size"]
    for name, section in (
        ("print_freq", "log"),
        ("update_html_freq", "samples"),
        ("display_freq", "samples"),
        ("save_latest_freq", "checkpoint"),
    ):
        if name in command.given:
            config[section]["every"] = max(1, round(command.options[name] / batch))


def train_command(command: PublishedCommand, config: str) -> list[str]:
    """Return the shell commands that do what the published one did.

    Args:
        command: the published one.
        config: path of the translated config.
    """
    options, lines, how = command.options, [], f"i2ikit train {shlex.quote(config)}"
    folder = PurePath(options["checkpoints_dir"])
    devices = [int(number) for number in options["gpu_ids"].split(",") if int(number) >= 0]
    more = f" --work-dir {_quoted(folder / run_name(options))}"
    if len(devices) > 1 and options["batch_size"] % len(devices) == 0:
        visible, count = ",".join(map(str, devices)), len(devices)
        how = f"CUDA_VISIBLE_DEVICES={visible} torchrun --nproc-per-node {count} -m {how}"
        more += f" --set data.batch_size={options['batch_size'] // count}"
    elif devices != [0]:
        more += f" --device cuda:{devices[0]}" if devices else " --device cpu"
    other = options.get("pretrained_name")
    if options["continue_train"] or other:
        files = folder / (other or run_name(options)) / f"{options['epoch']}_net_"
        lines.append(f"i2ikit import {_quoted(files)}*.pth --out start.pt")
        more += " --init start.pt"
    return [*lines, how + more]


def _quoted(path: PurePath) -> str:
    """Return a path as a word of a shell command, which still replaces its ``~``."""
    text = str(path)
    return f"~/{shlex.quote(text[2:])}" if text.startswith("~/") else shlex.quote(text)


def run_name(options: Options) -> str:
    """Return the name of a run with its suffix.

    Raises:
        ConfigError: the suffix names what is no option.
    """
    suffix = options["suffix"]
    try:
        return str(options["name"]) + (f"_{suffix.format(**options)}" if suffix else "")
    except (KeyError, IndexError, ValueError) as error:
        raise ConfigError(SOURCE, [f"--suffix {suffix}: {error} is no option"]) from None


Note = Callable[[Options], str]
UNREAD = "the program does not read it for this model"
NOTES: dict[str, Note] = {  # what a translation leaves out or changes: text, or nothing where the value is translated
    "max_dataset_size": lambda _: "give a list of that many files for each of --data-a and --data-b",
    "serial_batches": lambda options: (
        "images of b are taken in order; the items of an epoch stay shuffled" if options["serial_batches"] else ""
    ),
    "save_epoch_freq": lambda _: "checkpoint.keep_every counts steps, not epochs: set it to N times the steps of one",
    "save_by_iter": lambda _: "set checkpoint.keep_every=STEPS to keep checkpoints of many steps",
    "evaluation_freq": lambda _: "measurements during a run are evaluation.every, in steps",
    "verbose": lambda _: "i2ikit check shows the networks",
    "use_wandb": lambda _: "train with --tracker wandb",
    "wandb_project_name": lambda _: "it is trackers = [dict(type='WandbTracker', project=...)] in the config",
    "continue_train": lambda _: "published files hold weights, no optimizer: the new run starts from them at step 1",
    "load_iter": lambda _: "import the files iter_N_net_*.pth",
    "lr_policy": lambda options: {
        "plateau": "the program shows its schedule a constant, so it falls every 6 epochs, as here; "
        "PlateauDecay with evaluation.metric follows a measurement",
        "cosine": "the program's rate rises again after n_epochs; here half a cosine covers the run",
    }.get(options["lr_policy"], ""),
    "gan_mode": lambda options: (
        "no gradient penalty, as in the program; the term GradientPenaltyTerm adds one"
        if options["gan_mode"] == "wgangp"
        else ""
    ),
    "gpu_ids": lambda options: (
        f"a batch of {options['batch_size']} cannot be split evenly over these GPUs; the run uses the first"
        if options["gpu_ids"].count(",") and options["batch_size"] % (options["gpu_ids"].count(",") + 1)
        else ""
    ),
    "pool_size": lambda options: UNREAD if options["model"] in ("cut", "sincut") else "",
    "flip_equivariance": lambda options: UNREAD if options["model"] == "dcl" else "",
    "lr": lambda options: "the program uses lr_G, lr_D and lr_F" if options["model"] == "enco" else "",
    "nce_T": lambda options: "its loss has no temperature" if options["model"] == "enco" else "",
    "nce_includes_all_negatives_from_minibatch": lambda options: UNREAD if options["model"] in ("enco", "dcl") else "",
    "random_scale_max": lambda options: (
        "only data of single images are zoomed" if options["dataset_mode"] != "singleimage" else ""
    ),
}


def notes(command: PublishedCommand) -> Iterator[tuple[str, str]]:
    """Yield the options of a command that have no counterpart or another meaning, as written, with the reason."""
    known, options = options_of(command.model), command.options
    for name in command.given:
        changed: Any = NOTES.get(name, lambda _: "")(options)
        text = known[name].lacks or changed or (UNSET if VARIABLE.search(str(options[name])) else "")
        if text:
            yield f"--{name} {options[name]}", text
