"""Command lines of the published programs."""

import pytest

from i2ikit.errors import ConfigError
from i2ikit.inference.interop.options import parse_command
from i2ikit.inference.interop.options.command_line import RANGES
from i2ikit.published_options import OPTIONS


def test_a_command_has_the_defaults_of_its_model_and_the_values_that_it_gives():
    command = parse_command("CUDA_VISIBLE_DEVICES=0 python train.py --dataroot d \\\n  --CUT_mode FastCUT --ngf=32")
    assert command.model == "cut"
    assert command.given == ("dataroot", "CUT_mode", "ngf")
    assert (command.options["ngf"], command.options["lambda_NCE"], command.options["n_epochs"]) == (32, 10.0, 150)


def test_names_may_be_short_or_old_and_flags_may_have_values():
    command = parse_command("--dataroot d --model cycle_gan --niter 7 --batchSize 2 --no_fl --serial_batches true")
    options = command.options
    assert (options["n_epochs"], options["batch_size"], options["no_flip"], options["serial_batches"]) == (
        7,
        2,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("--lambda_A 5", "cycle_gan"),
        ("--CUT_mode cut", "cut"),
        ("--DCL_mode DCL", "dcl"),
        ("--norm batch", "cycle_gan"),
    ],
)
def test_without_a_model_the_one_that_has_the_options_is_meant(text, model):
    assert parse_command(f"python train.py --dataroot d {text}").model == model


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("--model cut --nce_layer_s 0", "there is no option --nce_layer_s in .*Nearest: 'nce_layers'"),
        ("-dataroot d --model cut", "no option -dataroot: names .* begin with two dashes. Nearest: '--dataroot'"),
        ("-data_rot=d --model cut", "no option -data_rot: names .* begin with two dashes. Nearest: 'dataroot'"),
        ("-niter 3 --model cut", "Nearest: '--niter'"),
        ("--model cut --lambda_A 1", "--lambda_A is an option of --model cycle_gan, not of --model cut"),
        ("--model cut --netG resnet_9block", "--netG resnet_9block: must be one of .*Nearest: 'resnet_9blocks'"),
        ("--model cut --CUT_mode slow", "--CUT_mode slow: must be CUT or FastCUT"),
        ("--model cut --lr fast", "argument --lr: must be a number, not 'fast'"),
        ("--model cut --lr nan", "argument --lr: must be a number, not 'nan'"),
        ("--model cut --lambda_GAN inf", "argument --lambda_GAN: must be a number, not 'inf'"),
        ("--model cut --n_epochs -3", "--n_epochs -3: must be 0 or more"),
        ("--model cut --n_epochs 0 --n_epochs_decay 0", "their sum is the length of the run"),
        ("--model cut stray", "stray: belongs to no option; options are --NAME VALUE"),
        ("--model cut --no_flip perhaps", "argument --no_flip: must be True or False, not 'perhaps'"),
        ("--model cut --batch_size 0", "--batch_size 0: must be above 0"),
        ("--model cut --num_patches -1", "--num_patches -1: must be 0 or more"),
        ("--model sincut --random_scale_max 0", "--random_scale_max 0.0: must be 1 or more"),
        ("--model cut --beta1 1", "--beta1 1.0: must be at least 0 and below 1"),
        ("--model enco --random_ratio 1.5", r"--random_ratio 1.5: must be in 0\.\.1"),
        ("--model cut --print_freq=-5", "--print_freq -5: must be above 0"),
        ("--model cut --nce_layers a,b", "--nce_layers a,b: must be numbers of layers, such as 0,4,8"),
        ("--model cut --nce_layers -1", "--nce_layers -1: must be numbers of layers"),
        ("--model cut --gpu_ids all", "--gpu_ids all: must be numbers"),
        ("--model", "expected one argument"),
        ("--model cute", "--model cute has no translation: .*Nearest: 'cut'"),
        ("--model pix2pix", "it trains on pairs"),
        ("--name x", "--model is missing"),
        ("--name 'x", "it cannot be split into words"),
    ],
)
def test_a_mistake_is_named_with_the_nearest_right_one(text, message):
    with pytest.raises(ConfigError, match=message):
        parse_command(f"python train.py --dataroot d {text}")


def test_every_number_with_an_effect_has_one_range():
    ranged = [name for _, names in RANGES.values() for name in names]
    anything = {"warmup_epochs", "stop_idt_epochs", "epoch_count", "load_iter"}  # below 0: not used
    unread = {option.name for option in OPTIONS if option.lacks} | anything
    numbers = {option.name for option in OPTIONS if type(option.default) in (int, float)} - unread
    assert sorted(ranged) == sorted(numbers)


def test_the_folder_of_the_images_must_be_given():
    with pytest.raises(ConfigError, match="--dataroot is missing"):
        parse_command("python train.py --model cut")


def test_a_command_that_translates_images_is_answered_with_translate():
    with pytest.raises(ConfigError, match="then i2ikit translate"):
        parse_command("python test.py --dataroot d --model cut")


def test_a_launcher_is_answered_with_the_command_that_it_starts():
    with pytest.raises(ConfigError, match=r"`python3 -m experiments` is not .*: give the `python train.py ...` that"):
        parse_command("CUDA_VISIBLE_DEVICES=0 python3 -m experiments grumpifycat train 0")
