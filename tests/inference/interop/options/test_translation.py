"""Published command lines as configs: option by option, the file that is written has the value."""

import re

import pytest

from i2ikit.config import resolve_config
from i2ikit.config.key_paths import lookup, split
from i2ikit.errors import ConfigError
from i2ikit.inference.interop.options import parse_command, translate_command
from i2ikit.inference.interop.options.objective import method_config
from i2ikit.inference.interop.options.training import NOTES
from i2ikit.inference.interop.options.translation import difference
from i2ikit.interfaces.progress import Progress
from i2ikit.published_options import OPTIONS
from i2ikit.registry import SCHEDULES

GENERATE = "model.phases.generate.terms"
COMMANDS = {  # a command, and what the resolved config has because of each of its options
    "--model cycle_gan": [
        ("netG resnet_6blocks", "model.generators.ba.blocks", 6),
        ("ngf 32", "model.generators.ab.filters", 32),
        ("ndf 16", "model.discriminators.a.filters", 16),
        ("netD n_layers", "model.discriminators.b.type", "PatchGANDiscriminator"),
        ("n_layers_D 4", "model.discriminators.b.layers", 4),
        ("norm batch", "model.generators.ab.norm", "batch"),
        ("init_type kaiming", "model.generators.ab.init", "kaiming"),
        ("init_gain 0.05", "model.discriminators.b.init_gain", 0.05),
        ("gan_mode vanilla", f"{GENERATE}.gan_ab.loss.type", "VanillaGANLoss"),
        ("lambda_A 5", f"{GENERATE}.cycle_a.weight", 5.0),
        ("lambda_B 6", f"{GENERATE}.cycle_b.weight", 6.0),
        ("lambda_identity 0.1", f"{GENERATE}.identity_b.weight", pytest.approx(0.6)),
        ("pool_size 20", "model.views.pool.size", 20),
        ("load_size 143", "data.load_size", 143),
        ("crop_size 128", "data.crop_size", 128),
        ("no_flip", "data.train.transform.flip", 0.0),
        ("direction BtoA", "data.test.direction", "BtoA"),
        ("batch_size 2", "data.batch_size", 2),
        ("num_threads 3", "data.workers", 3),
        ("n_epochs 10", "schedule.constant", 10),
        ("n_epochs_decay 5", "train.epochs", 15),
        ("lr 1e-4", "optimizer.lr", 1e-4),
        ("beta1 0.4", "optimizer.betas", [0.4, 0.999]),
        ("input_nc 1", "data.channels", 1),
        ("output_nc 1", "model.generators.ba.out_channels", 1),
        ("print_freq 100", "log.every", 50),
        ("update_html_freq 1000", "samples.every", 500),
        ("save_latest_freq 2000", "checkpoint.every", 1000),
        ("phase all", "data.train.split", "all"),
        ("serial_batches", "data.train.pairing", "serial"),
    ],
    "--model cut": [
        ("netG resnet_4blocks", "model.generators.ab.blocks", 4),
        ("normG batch", "model.generators.ab.norm", "batch"),
        ("normD none", "model.discriminators.b.norm", "none"),
        ("no_dropout False", "model.generators.ab.dropout", True),
        ("no_antialias", "model.discriminators.b.antialias", False),
        ("no_antialias_up", "model.generators.ab.antialias_up", False),
        ("lambda_GAN 2", f"{GENERATE}.gan.weight", 2.0),
        ("lambda_NCE 3", f"{GENERATE}.content.weight", 3.0),
        ("nce_idt False", GENERATE, {"gan", "content"}),
        ("nce_layers 4,7", f"{GENERATE}.content.taps", ["down1_conv", "down2_conv"]),
        ("nce_includes_all_negatives_from_minibatch", f"{GENERATE}.content.negatives.type", "WholeBatch"),
        ("netF_nc 64", "model.heads.f.dim", 64),
        ("nce_T 0.1", f"{GENERATE}.content.loss.tau", 0.1),
        ("num_patches 99", f"{GENERATE}.content.sampler.num", 99),
        ("flip_equivariance", f"{GENERATE}.content.query", ["ab", "ab(mirror(a))"]),
        ("beta2 0.99", "optimizer.betas", [0.5, 0.99]),
        ("preprocess scale_width_and_crop", "data.train.transform.type", "Compose"),
        ("lr_policy step", "schedule.type", "StepDecay"),
        ("lr_decay_iters 9", "schedule.every", 9),
        ("display_freq 77", "samples.every", 77),
    ],
    "--model cut --CUT_mode FastCUT": [
        ("netF sample", "model.heads.f.type", "IdentityHead"),
        ("flip_equivariance False", f"{GENERATE}.gan.image", "ab(a)"),
    ],
    "--model sincut": [
        ("lambda_R1 3", "model.phases.discriminate.terms.r1.weight", 3.0),
        ("lambda_identity 2", f"{GENERATE}.color.weight", 2.0),
        ("random_scale_max 2", "data.train.smallest_zoom", 0.5),
        ("stylegan2_G_num_downsampling 2", "model.generators.ab.downs", 2),
        ("lr 1e-3", "model.phases.generate.optimizer.lr", 1e-3),
        ("no_flip", "data.train.flip", 0.0),
    ],
    "--model enco --warmup_epochs 20": [
        ("lr_G 1e-5", "model.phases.generate.optimizer.lr", 1e-5),
        ("lr_D 3e-4", "optimizer.lr", 3e-4),
        ("lr_F 2e-5", "model.phases.generate.groups.heads.lr", 2e-5),
        ("lambda_NCE 4", f"{GENERATE}.content.weight.then", 4.0),
        ("lambda_IDT 5", f"{GENERATE}.identity.weight.value", 2.5),
        ("stop_idt_epochs 7", f"{GENERATE}.identity.weight.epoch", 7),
        ("oversample_ratio 2", f"{GENERATE}.content.sampler.pool", 2),
        ("random_ratio 0.25", f"{GENERATE}.content.sampler.random_fraction", 0.25),
        ("stop_gradient False", f"{GENERATE}.content.detach", []),
        ("prj_norm LN", "model.heads.f.norm", "layer"),
        ("pool_size 30", "model.phases.discriminate.terms.d.fake", "pool(ab(a))"),
        ("warmup_epochs 9", "schedule.warmup", 9),
        ("nce_layers 3,7,24,28", f"{GENERATE}.content.taps", [["stem", "up2"], ["down1", "up1"]]),
    ],
    "--model enco": [("decay_idt True", f"{GENERATE}.identity_decay.weight.type", "Linear")],
    "--model dcl": [
        ("lambda_IDT 3", f"{GENERATE}.identity_a.weight", 1.5),
        ("gan_mode hinge", f"{GENERATE}.gan_ab.loss.type", "ClippedHingeLoss"),
        ("pool_size 9", "model.phases.discriminate.terms.d_a.fake", "pool(ba(b))"),
        ("flip_equivariance True", "model.views", {"pool"}),
    ],
}
IN_COMMANDS = ("dataroot", "name", "checkpoints_dir", "suffix", "model", "CUT_mode", "DCL_mode")


def resolved(command, folder):
    path = folder / "translated.py"
    path.write_text(translate_command(f"python train.py --dataroot ./images --name n {command}").source("t.py"))
    return resolve_config(path)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_written_config_has_the_value_of_each_option(command, tmp_path):
    options = COMMANDS[command]
    config = resolved(f"{command} {' '.join(f'--{option}' for option, _, _ in options)}", tmp_path)
    for option, path, expected in options:
        found = lookup(config, split(path))
        assert (set(found) if isinstance(expected, set) else found) == expected, option


@pytest.mark.parametrize("stop", [100, 40, 1, 200, 300])
def test_a_decaying_identity_weight_is_that_of_the_program_in_every_epoch(stop):
    """enco_model.py: lambda_IDT (N - e) / N, and half of it in the loss, until the last epoch with identity images."""
    options = f"--n_epochs 100 --n_epochs_decay 100 --decay_idt {f'--stop_idt_epochs {stop}' if stop != 100 else ''}"
    made = method_config(parse_command(f"--dataroot d --model enco {options}").options)
    terms = made["model"]["phases"]["generate"]["terms"]
    weights = [SCHEDULES.build(terms[name]["weight"]) for name in terms if name.startswith("identity")]
    for epoch in range(1, 201):
        progress = Progress(epoch=epoch, step=epoch, epochs=200, steps=200)
        expected = 0.5 * 10 * (200 - epoch) / 200 if epoch <= stop else 0.0
        assert sum(weight(progress) for weight in weights) == pytest.approx(expected, abs=1e-12), epoch


def test_every_option_is_in_a_case_or_among_those_without_counterpart():
    cases = {option.partition(" ")[0] for options in COMMANDS.values() for option, _, _ in options}
    noted = {option.name for option in OPTIONS if option.lacks} | set(NOTES)
    others = {"epoch", "pretrained_name"}  # in the command of test_training
    assert {option.name for option in OPTIONS} - cases - noted == {*IN_COMMANDS, *others, "dataset_mode"}


@pytest.mark.parametrize(
    ("command", "preset"),
    [
        ("--model cycle_gan --dataroot x/maps", "cyclegan/maps"),
        ("--CUT_mode FastCUT --dataroot x/mine", "fastcut/horse2zebra"),
        (
            "--model enco --dataroot d --nce_layers 3,7,13,18,24,28 --n_epochs 100 --n_epochs_decay 100 --lambda_NCE 2 "
            "--netF mlp_sample_with_DAG --warmup_epochs 20 --flip_equivariance True",
            "enco/horse2zebra",
        ),
        ("--model sincut --dataroot d", "sincut/single_image_monet_etretat"),
    ],
)
def test_a_published_recipe_changes_nothing_but_the_folder(command, preset):
    translation = translate_command(command)
    assert translation.base == preset
    assert set(translation.changes) == {"data"}
    assert set(translation.changes["data"]) == {"train", "test"}
    assert {*translation.changes["data"]["train"]} == {"root"}


def test_the_file_has_the_command_the_notes_and_the_training_as_comments():
    source = translate_command("python train.py --model cut --dataroot d --name n --display_id 0").source("n.py")
    assert "#   python train.py --model cut --dataroot d --name n --display_id 0\n" in source
    assert re.search(r"#   --display_id 0: there is no server of displays", source)
    assert "#   i2ikit train n.py --work-dir checkpoints/n\n" in source


def test_a_name_of_two_lines_stays_in_the_comment():
    source = translate_command("--model cut --dataroot d --name 'a\nimport os'").source("n.py")
    assert "import os" not in source.splitlines()
    assert "#   i2ikit train n.py --work-dir 'checkpoints/a\\nimport os'\n" in source


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--model enco --no_predictor True", "--no_predictor True has no counterpart"),
        ("--model cut --nce_layers 0,x", "--nce_layers 0,x: must be numbers of layers"),
        ("--model cut --nce_layers 99", "--nce_layers 99: there is no layer 99; there are"),
        ("--model cut --netG unet_128", "a UNetGenerator has no published layer numbers"),
        ("--model cut --netG resnet_cat", "--netG resnet_cat has no counterpart"),
        ("--model cut --netF reshape", "--netF reshape has no counterpart"),
        ("--model dcl --nce_idt False", "--nce_idt False: the program stops with an error, .* --lambda_IDT 0"),
    ],
)
def test_what_changes_the_training_and_has_no_counterpart_is_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        translate_command(f"--dataroot d {options}")


@pytest.mark.parametrize(
    ("base", "target", "changes"),
    [
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}}, {"b": {"c": 3}}),
        ({"b": {"type": "X", "c": 2}}, {"b": {"type": "Y"}}, {"b": {"_delete_": True, "type": "Y"}}),
        ({"terms": {"x": {"type": "X"}, "y": {}}}, {"terms": {"y": {}}}, {"terms": {"x": None}}),
        ({"b": {"c": 1, "d": 2}}, {"b": {"c": 1}}, {"b": {"_delete_": True, "c": 1}}),
        ({"a": [1]}, {"a": [1]}, {}),
    ],
)
def test_the_difference_is_what_a_config_with_this_base_sets(base, target, changes):
    assert difference(base, target) == changes
