"""The options of the published training programs: their defaults, and what does the same here."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROGRAMS = {  # of the models of the published code that are translated
    "cycle_gan": "pytorch-CycleGAN-and-pix2pix",
    "cut": "CUT",
    "sincut": "CUT",
    "enco": "EnCo",
    "dcl": "DCLGAN",
}
ALL = tuple(PROGRAMS)
CUTS, NEWER = ("cut", "sincut"), ("cut", "sincut", "enco", "dcl")
UNREAD = "the program does not read it"
DISPLAY = "there is no server of displays: a run writes samples, curves and index.html to its work directory"


@dataclass(frozen=True)
class Option:
    """One option of the published programs.

    Attributes:
        name: without dashes.
        default: of most models, see :func:`defaults`; values are of its type, and text where it is None.
        here: what does the same here, as it stands in a sentence after "it is".
        lacks: why nothing does the same; exactly one of ``here`` and ``lacks`` is empty.
        models: those that have it.
        choices: all values; empty: any.
    """

    name: str
    default: Any
    here: str = ""
    lacks: str = ""
    models: tuple[str, ...] = ALL
    choices: tuple[str, ...] = ()


NORMS = ("instance", "batch", "none")
RESNETS = ("resnet_9blocks", "resnet_6blocks", "resnet_4blocks", "resnet_cat")
GENERATORS = (*RESNETS, "unet_256", "unet_128", "stylegan2", "smallstylegan2")
DISCRIMINATORS = ("basic", "n_layers", "pixel", "patch", "tilestylegan2", "stylegan2")
CROPPED = ("resize_and_crop", "crop", "scale_width_and_crop", "scale_shortside_and_crop", "zoom_and_crop")
PREPROCESS = (*CROPPED, "scale_width", "scale_shortside", "zoom_and_patch", "trim", "none")

OPTIONS = (
    # files and machine
    Option("dataroot", "", "--data DIR"),
    Option("name", "experiment_name", "--work-dir DIR"),
    Option("checkpoints_dir", "./checkpoints", "--work-dir DIR"),
    Option("suffix", "", "--work-dir DIR"),
    Option("easy_label", "experiment_name", lacks=UNREAD, models=NEWER),
    Option("gpu_ids", "0", "--device cuda:0"),
    Option("model", "", "the name of a config, such as cut/horse2zebra"),
    Option("verbose", False, "i2ikit check CONFIG, which shows the networks"),
    # networks
    Option("input_nc", 3, "--set data.channels=N"),
    Option("output_nc", 3, "--set data.channels='dict(a=N, b=M)'"),
    Option("ngf", 64, "--set model.generators.ab.filters=N"),
    Option("ndf", 64, "--set model.discriminators.b.filters=N"),
    Option("netG", "resnet_9blocks", "the type of model.generators.ab, and its blocks", choices=GENERATORS),
    Option("netD", "basic", "the type of model.discriminators.b", choices=DISCRIMINATORS),
    Option("n_layers_D", 3, "--set model.discriminators.b.layers=N"),
    Option("norm", "instance", "norm of generators and discriminators", models=("cycle_gan",), choices=NORMS),
    Option("normG", "instance", "--set model.generators.ab.norm=NAME", models=NEWER, choices=NORMS),
    Option("normD", "instance", "--set model.discriminators.b.norm=NAME", models=NEWER, choices=NORMS),
    Option(
        "init_type",
        "xavier",
        "init of generators, discriminators and heads",
        choices=("normal", "xavier", "kaiming", "orthogonal"),
    ),
    Option("init_gain", 0.02, "init_gain of generators, discriminators and heads"),
    Option("no_dropout", True, "--set model.generators.ab.dropout=false"),
    Option("no_antialias", False, "antialias_down of generators, antialias of discriminators", models=NEWER),
    Option("no_antialias_up", False, "--set model.generators.ab.antialias_up=false", models=NEWER),
    Option("stylegan2_G_num_downsampling", 1, "--set model.generators.ab.downs=N", models=NEWER),
    Option("n_blocks", 9, lacks=UNREAD, models=("enco",)),
    # data
    Option("dataset_mode", "unaligned", "the type of data.train"),
    Option("phase", "train", "--set data.train.split=NAME"),
    Option(
        "direction",
        "AtoB",
        "--set data.train.direction=BtoA --set data.test.direction=BtoA",
        choices=("AtoB", "BtoA"),
    ),
    Option("serial_batches", False, "--set data.train.pairing=serial"),
    Option("num_threads", 4, "--set data.workers=N"),
    Option("batch_size", 1, "--set data.batch_size=N"),
    Option("load_size", 286, "--set data.load_size=N"),
    Option("crop_size", 256, "--set data.crop_size=N"),
    Option("max_dataset_size", math.inf, "a list of that many files for each of --data-a and --data-b"),
    Option("preprocess", "resize_and_crop", "data.train.transform", choices=PREPROCESS),
    Option("no_flip", False, "--set data.train.transform.flip=0"),
    Option("random_scale_max", 3.0, "--set data.train.smallest_zoom=FRACTION", models=NEWER),
    # length and optimizers
    Option("n_epochs", 200, "--set schedule.constant=N, and train.epochs for the sum of both"),
    Option("n_epochs_decay", 200, "--set schedule.decay=N, and train.epochs for the sum of both"),
    Option("warmup_epochs", -1, "--set schedule.warmup=N", models=("enco",)),
    Option("lr_policy", "linear", "the type of schedule", choices=("linear", "lambda", "step", "plateau", "cosine")),
    Option("lr_decay_iters", 50, "--set schedule.every=EPOCHS, of a StepDecay"),
    Option("lr", 2e-4, "--set optimizer.lr=VALUE"),
    Option("lr_G", 5e-5, "--set model.phases.generate.optimizer.lr=VALUE", models=("enco",)),
    Option("lr_D", 2e-4, "--set optimizer.lr=VALUE", models=("enco",)),
    Option("lr_F", 5e-5, "--set model.phases.generate.groups.heads.lr=VALUE", models=("enco",)),
    Option("beta1", 0.5, "--set optimizer.betas=[VALUE,0.999]"),
    Option("beta2", 0.999, "--set optimizer.betas=[0.5,VALUE]", models=NEWER),
    # objective
    Option(
        "gan_mode",
        "lsgan",
        "loss of the terms d and gan",
        choices=("lsgan", "vanilla", "nonsaturating", "hinge", "wgangp"),
    ),
    Option("pool_size", 50, "--set model.views.pool.size=N, for expressions such as pool(ab(a))"),
    Option("lambda_A", 10.0, "--set model.phases.generate.terms.cycle_a.weight=W", models=("cycle_gan",)),
    Option("lambda_B", 10.0, "--set model.phases.generate.terms.cycle_b.weight=W", models=("cycle_gan",)),
    Option("lambda_identity", 0.5, "weight of the terms identity or color", models=("cycle_gan", "sincut")),
    Option("lambda_GAN", 1.0, "--set model.phases.generate.terms.gan.weight=W", models=NEWER),
    Option("lambda_NCE", 1.0, "--set model.phases.generate.terms.content.weight=W", models=NEWER),
    Option("lambda_IDT", 10.0, "--set model.phases.generate.terms.identity.weight=W", models=("enco", "dcl")),
    Option("lambda_R1", 1.0, "--set model.phases.discriminate.terms.r1.weight=W", models=("sincut",)),
    Option("CUT_mode", "CUT", "the name of a config: cut/... or fastcut/...", models=CUTS),
    Option("DCL_mode", "DCL", "the name of a config: dclgan/...", models=("dcl",), choices=("DCL",)),
    Option("nce_idt", True, "the term identity of phase generate, which dcl always has", models=NEWER),
    Option("nce_layers", "0,4,8,12,16", "taps of the term content and of the head", models=NEWER),
    Option(
        "nce_includes_all_negatives_from_minibatch",
        False,
        "negatives=dict(type='WholeBatch') of the term content",
        models=NEWER,
    ),
    Option("netF", "mlp_sample", "the type of model.heads.f", models=NEWER),
    Option("netF_nc", 256, "--set model.heads.f.dim=N", models=NEWER),
    Option("nce_T", 0.07, "--set model.phases.generate.terms.content.loss.tau=VALUE", models=NEWER),
    Option("num_patches", 256, "--set model.phases.generate.terms.content.sampler.num=N", models=NEWER),
    Option(
        "flip_equivariance", False, "the view Mirror of cut and sincut: ab(mirror(a)) in place of ab(a)", models=NEWER
    ),
    Option("prj_norm", "BN", "--set model.heads.f.norm=NAME", models=("enco",), choices=("BN", "LN", "None")),
    Option("sampling_strategy", "DAG", lacks=UNREAD, models=("enco",)),
    Option("oversample_ratio", 4, "pool of the sampler of the term content", models=("enco",)),
    Option("random_ratio", 0.5, "random_fraction of the sampler of the term content", models=("enco",)),
    Option("stop_idt_epochs", -1, "epoch of the weights of content and identity", models=("enco",)),
    Option("stop_gradient", True, "--set model.phases.generate.terms.content.detach=[]", models=("enco",)),
    Option("two_F", False, lacks="the program switches it off again", models=("enco",)),
    Option("no_predictor", False, lacks="the head of EnCo always has its predictor", models=("enco",)),
    Option("decay_idt", False, "weights Until and Linear of the terms identity and identity_decay", models=("enco",)),
    # log, samples, checkpoints
    Option("print_freq", 100, "--set log.every=STEPS"),
    Option("display_freq", 400, "--set samples.every=STEPS"),
    Option("update_html_freq", 1000, "--set samples.every=STEPS"),
    Option("save_latest_freq", 5000, "--set checkpoint.every=STEPS"),
    Option("save_epoch_freq", 5, "--set checkpoint.keep_every=STEPS"),
    Option("save_by_iter", False, "--set checkpoint.keep_every=STEPS"),
    Option("evaluation_freq", 5000, "--set evaluation.every=STEPS", models=NEWER),
    Option("continue_train", False, "--resume; for published weights i2ikit import, then --init"),
    Option("pretrained_name", None, "i2ikit import, then --init CHECKPOINT", models=NEWER),
    Option("epoch", "latest", "the files that i2ikit import reads"),
    Option("load_iter", 0, "the files that i2ikit import reads", models=("cycle_gan",)),
    Option("epoch_count", 1, lacks="a run counts its own epochs; --resume continues where it stopped"),
    Option("use_wandb", False, "--tracker wandb", models=("cycle_gan",)),
    Option(
        "wandb_project_name",
        "CycleGAN-and-pix2pix",
        "trackers=[dict(type='WandbTracker', project=...)]",
        models=("cycle_gan",),
    ),
    Option("no_html", False, lacks="samples and index.html are always written"),
    Option("display_winsize", 256, lacks=DISPLAY),
    Option("display_ncols", 4, lacks=DISPLAY),
    Option("display_id", None, lacks=DISPLAY),
    Option("display_server", "http://localhost", lacks=DISPLAY),
    Option("display_env", "main", lacks=DISPLAY),
    Option("display_port", 8097, lacks=DISPLAY),
)
OLD_NAMES = {  # of earlier versions of the programs
    "niter": "n_epochs",
    "niter_decay": "n_epochs_decay",
    "batchSize": "batch_size",
    "loadSize": "load_size",
    "fineSize": "crop_size",
    "nThreads": "num_threads",
    "which_direction": "direction",
    "which_model_netG": "netG",
    "which_model_netD": "netD",
    "resize_or_crop": "preprocess",
    "identity": "lambda_identity",
}
OTHER_PROGRAMS = {  # what options are called elsewhere
    "epochs": "--set train.epochs=N",
    "steps": "--set train.steps=N",
    "batch": "--set data.batch_size=N",
    "workers": "--set data.workers=N",
    "gpu": "--device cuda:0",
}
_SPECIAL: Mapping[str, Mapping[str, Any]] = {
    "cycle_gan": {"n_epochs": 100, "n_epochs_decay": 100, "init_type": "normal"},
    "cut": {"pool_size": 0},
    "fastcut": {"nce_idt": False, "lambda_NCE": 10.0, "flip_equivariance": True, "n_epochs": 150, "n_epochs_decay": 50},
    "sincut": {
        "pool_size": 0, "nce_includes_all_negatives_from_minibatch": True, "dataset_mode": "singleimage",
        "netG": "stylegan2", "netD": "stylegan2", "gan_mode": "nonsaturating", "num_patches": 1, "nce_layers": "0,2,4",
        "lambda_NCE": 4.0, "lambda_identity": 1.0, "ngf": 10, "ndf": 8, "lr": 2e-3, "beta1": 0.0, "beta2": 0.99,
        "load_size": 1024, "crop_size": 64, "preprocess": "zoom_and_patch", "batch_size": 16, "save_epoch_freq": 1,
        "save_latest_freq": 20000, "n_epochs": 8, "n_epochs_decay": 8,
    },
    "enco": {
        "pool_size": 0, "nce_layers": "3,7,13,18,24,28", "netF": "mlp_sample_with_DAG", "save_epoch_freq": 50,
    },
    "dcl": {
        "pool_size": 0, "nce_layers": "4,8,12,16", "gan_mode": "hinge", "lambda_NCE": 2.0, "lambda_IDT": 1.0,
        "save_epoch_freq": 50,
    },
}  # fmt: skip


def options_of(model: str) -> dict[str, Option]:
    """Return the options of a model of the published code by name."""
    return {option.name: option for option in OPTIONS if model in option.models}


def defaults(model: str, mode: str = "") -> dict[str, Any]:
    """Return the default of every option of a model.

    Args:
        model: of :data:`PROGRAMS`.
        mode: the value of ``CUT_mode``, which changes defaults.
    """
    special = {**(_SPECIAL["fastcut"] if mode.lower() == "fastcut" else {}), **_SPECIAL[model]}
    return {name: option.default for name, option in options_of(model).items()} | special


def answer(option: str) -> str:
    """Return a sentence with what an option of the published code is here, or an empty string."""
    name = option.lstrip("-").replace("-", "_").lower()
    known = {found.name.lower(): found for found in OPTIONS}
    found = known.get({old.lower(): new.lower() for old, new in OLD_NAMES.items()}.get(name, name))
    here = found.here if found else OTHER_PROGRAMS.get(name, "")
    if found and found.lacks:
        return f" It has no counterpart here: {found.lacks}."
    return f" Here it is {here}." if here else ""
