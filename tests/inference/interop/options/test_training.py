"""Data, length and commands of published options."""

import pytest

from i2ikit.errors import ConfigError
from i2ikit.inference.interop.options import parse_command
from i2ikit.inference.interop.options.training import notes, set_data, set_length, train_command
from i2ikit.published_options import PREPROCESS


def folders():
    part = {"type": "UnpairedFolders"}
    return {"data": {"train": dict(part), "test": dict(part)}, "train": {}}


@pytest.mark.parametrize("mode", [mode for mode in PREPROCESS if mode != "zoom_and_patch"])
def test_every_mode_of_preprocessing_is_a_transform(mode):
    config = folders()
    set_data(config, parse_command(f"--model cut --dataroot d --preprocess {mode} --no_flip"))
    made = config["data"]["train"]["transform"]
    if mode == "resize_and_crop":
        assert made == {"type": "ResizeCropFlip", "flip": 0.0, "finetune_after": 200}
        return
    kinds = [part["type"] for part in made["transforms"]]
    assert kinds[-1] == "ResizeToMultiple"
    assert ("RandomCrop" in kinds) == ("crop" in mode)
    assert ("ScaleWidth" in kinds) == ("width" in mode)


def test_the_height_of_gta2cityscapes_is_halved_as_published():
    config = folders()
    set_data(config, parse_command("--model cut --dataroot x/gta2cityscapes"))
    assert config["data"]["train"]["transform"]["transforms"][0] == {"type": "Resize", "size": 286, "height": 143}


def test_data_of_another_kind_than_the_model_trains_on_are_refused():
    with pytest.raises(ConfigError, match="--dataset_mode aligned"):
        set_data(folders(), parse_command("--model cut --dataroot d --dataset_mode aligned"))


@pytest.mark.parametrize(
    ("options", "schedule"),
    [
        ("--model cycle_gan", {"type": "LinearDecayToZero", "constant": 100, "decay": 100}),
        ("--model cut --n_epochs 3", {"type": "LinearDecay", "constant": 3, "decay": 200}),
        ("--model enco --warmup_epochs 20", {"type": "LinearDecay", "constant": 200, "decay": 200, "warmup": 20}),
        ("--model cut --lr_policy step --lr_decay_iters 9", {"type": "StepDecay", "every": 9, "factor": 0.1}),
        ("--model cut --lr_policy plateau", {"type": "StepDecay", "every": 6, "factor": 0.2}),
        ("--model cut --lr_policy cosine", {"type": "CosineDecay"}),
        ("--model cut --lr_policy lambda", {"type": "LinearDecay", "constant": 200, "decay": 200}),
    ],
)
def test_a_policy_is_a_schedule(options, schedule):
    config = folders()
    set_length(config, parse_command(f"--dataroot d {options}").options)
    assert config["schedule"] == schedule


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ("", ["i2ikit train c.py --work-dir checkpoints/experiment_name"]),
        ("--checkpoints_dir out --name n --suffix {netG}", ["i2ikit train c.py --work-dir out/n_resnet_9blocks"]),
        ("--name n --gpu_ids -1", ["i2ikit train c.py --work-dir checkpoints/n --device cpu"]),
        ("--name n --gpu_ids 2", ["i2ikit train c.py --work-dir checkpoints/n --device cuda:2"]),
        (
            "--name n --gpu_ids 0,1 --batch_size 6",
            [
                "CUDA_VISIBLE_DEVICES=0,1 torchrun --nproc-per-node 2 -m i2ikit train c.py --work-dir checkpoints/n "
                "--set data.batch_size=3"
            ],
        ),
        (
            "--name n --continue_train --epoch 5",
            [
                "i2ikit import checkpoints/n/5_net_*.pth --out start.pt",
                "i2ikit train c.py --work-dir checkpoints/n --init start.pt",
            ],
        ),
        (
            "--name 'my run' --checkpoints_dir ~/runs --continue_train",
            [
                "i2ikit import ~/'runs/my run/latest_net_'*.pth --out start.pt",
                "i2ikit train c.py --work-dir ~/'runs/my run' --init start.pt",
            ],
        ),
    ],
)
def test_the_command_that_trains_has_folder_device_and_first_weights(options, lines):
    assert train_command(parse_command(f"--model cut --dataroot d {options}"), "c.py") == lines


@pytest.mark.parametrize("root", ["$DATA", "x/${DATA}", "$(pwd)", "`pwd`"])
def test_what_only_a_shell_replaces_is_named(root):
    found = dict(notes(parse_command(f"--model cut --dataroot {root} --suffix {{netG}}")))
    assert found == {f"--dataroot {root}": "a variable of the shell is not replaced here: put its value there"}


def test_paths_in_the_command_that_trains_are_words_of_a_shell():
    line = train_command(parse_command("--model cut --dataroot d --name 'it''s $mine'"), "my configs/c.py")[0]
    assert line == "i2ikit train 'my configs/c.py' --work-dir 'checkpoints/its $mine'"


def test_a_suffix_of_no_option_is_named():
    with pytest.raises(ConfigError, match="'nothing' is no option"):
        train_command(parse_command("--model cut --dataroot d --suffix {nothing}"), "c.py")


def test_options_without_counterpart_are_listed_with_the_reason():
    found = dict(notes(parse_command("--model cut --dataroot d --display_id 0 --max_dataset_size 9 --gpu_ids 0,1")))
    assert "no server of displays" in found["--display_id 0"]
    assert "--data-a" in found["--max_dataset_size 9"]
    assert "cannot be split evenly" in found["--gpu_ids 0,1"]
    assert dict(notes(parse_command("--model cut --dataroot d --ngf 9"))) == {}


def test_options_that_dclgan_does_not_read_are_named_and_its_pool_is_none_of_them():
    found = dict(notes(parse_command("--model dcl --dataroot d --pool_size 9 --flip_equivariance True")))
    assert found == {"--flip_equivariance True": "the program does not read it for this model"}
