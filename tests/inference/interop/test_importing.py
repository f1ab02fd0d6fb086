"""Files of published weights into checkpoints, and out of them."""

import pickle
from pathlib import Path

import pytest
import torch
from torch import Tensor

from i2ikit.discriminators.patchgan import PatchGANDiscriminator
from i2ikit.engine.checkpointing.checkpoint import write_checkpoint
from i2ikit.errors import CheckpointError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.heads.mlp import MLPHead
from i2ikit.inference import Translator
from i2ikit.inference.interop import unfit
from i2ikit.inference.interop.exporting import export_files
from i2ikit.inference.interop.importing import import_files
from i2ikit.inference.trained_model import TrainedModel

pytestmark = pytest.mark.slow

CASES = Path(__file__).parents[2] / "parity" / "cases"


def files(case: str, *names: str) -> list[str]:
    return [str(CASES / case / f"init_net_{name}.pth") for name in names]


def save(path: Path, content: object) -> str:
    torch.save(content, path)
    return str(path)


def generator_state(**changes: object) -> dict[str, Tensor]:
    torch.manual_seed(0)
    return unfit(ResNetGenerator(**{"filters": 2, "blocks": 2, "init": "kaiming", **changes}))  # type: ignore[arg-type]


ONE_SIDED = {"G": "generators.ab", "D": "discriminators.b", "F": "heads.f"}
TWO_SIDED = {"G_A": "generators.ab", "G_B": "generators.ba", "D_A": "discriminators.b", "D_B": "discriminators.a"}


@pytest.mark.parametrize(
    ("case", "names"),
    [
        ("cut", ONE_SIDED),
        ("enco", ONE_SIDED),
        ("sincut", ONE_SIDED),
        ("cyclegan", TWO_SIDED),
        ("dclgan", TWO_SIDED | {"F1": "heads.ab", "F2": "heads.ba"}),
    ],
)
def test_a_published_run_goes_in_and_comes_out_bitwise(case: str, names: dict[str, str], tmp_path: Path) -> None:
    checkpoint, found = import_files(files(case, *reversed(names)))
    assert {each.path.stem.removeprefix("init_net_"): each.name for each in found} == names
    write_checkpoint(tmp_path / "imported.pt", checkpoint)
    written, left_out = export_files(TrainedModel(tmp_path / "imported.pt"), tmp_path / "out", prefix="init")
    assert not left_out
    assert sorted(path.name for path in written.values()) == sorted(f"init_net_{name}.pth" for name in names)
    for path in written.values():
        before = torch.load(CASES / case / path.name, weights_only=True)
        after = torch.load(path, weights_only=True)
        assert list(after) == list(before)
        assert all(torch.equal(after[key], before[key]) and after[key].dtype == before[key].dtype for key in before)


def test_heads_get_the_published_taps_that_have_their_widths() -> None:
    taps = {
        case: import_files(files(case, "G", "F"))[0].config["model"]["heads"]["f"]["taps"]
        for case in ("cut", "enco", "sincut")
    }
    assert taps == {
        "cut": ["pad", "down1_conv", "down2_conv", "block1", "block5"],
        "enco": ["stem", "down1", "block2"],
        "sincut": ["input", "down1", "block2"],
    }


def test_an_imported_generator_translates(tmp_path: Path) -> None:
    state = generator_state()
    write_checkpoint(tmp_path / "c.pt", import_files([save(tmp_path / "horse2zebra.pth", state)])[0])
    x = torch.rand(1, 3, 16, 16) * 2 - 1
    torch.manual_seed(0)
    expected = ResNetGenerator(filters=2, blocks=2, init="kaiming")(x)
    torch.testing.assert_close(Translator.load(tmp_path / "c.pt")(x), expected)


def test_files_that_name_no_network_get_the_default_names_in_order(tmp_path: Path) -> None:
    one, two = save(tmp_path / "one.pth", generator_state()), save(tmp_path / "two.pth", generator_state())
    judge = save(tmp_path / "judge.pth", unfit(PatchGANDiscriminator(filters=2)))
    found = import_files([judge, one, two])[1]
    assert [each.name for each in found] == ["discriminators.b", "generators.ab", "generators.ba"]


def test_a_name_before_the_file_sets_its_network(tmp_path: Path) -> None:
    path = save(tmp_path / "any.pth", generator_state())
    assert import_files([f"G_B={path}"])[1][0].name == "generators.ba"
    with pytest.raises(CheckpointError, match=r"no network 'G_C'\. Nearest:"):
        import_files([f"G_C={path}"])
    with pytest.raises(CheckpointError, match="should be D, but holds a ResNetGenerator"):
        import_files([f"D={path}"])


def test_two_files_for_one_network_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "any.pth", generator_state())
    with pytest.raises(CheckpointError, match=r"would both be generators\.ab; name the network"):
        import_files([f"G={path}", f"G_A={path}"])


def test_prefixes_and_wrappings_are_removed_and_reported(tmp_path: Path) -> None:
    wrapped = {"epoch": 3, "state_dict": {f"module.{name}": value for name, value in generator_state().items()}}
    found = import_files([save(tmp_path / "wrapped.pth", wrapped)])[1][0]
    assert found.notes == [
        "used the entry 'state_dict' of the file",
        "read module.model.1.weight as model.1.weight, and so on",
        "compared 4 blur kernels, which are not weights",
    ]
    assert found.parameters == sum(p.numel() for p in ResNetGenerator(filters=2, blocks=2).parameters())


def test_statistics_of_old_instance_norms_are_ignored_and_reported(tmp_path: Path) -> None:
    state = generator_state(antialias_down=False, antialias_up=False)
    state |= {"model.2.running_mean": torch.zeros(2), "model.10.conv_block.6.running_var": torch.ones(8)}
    found = import_files([save(tmp_path / "old.pth", state)])[1][0]
    assert found.notes == ["ignored 2 statistics of instance norms, which use none"]


SPELLINGS = {
    "prefix": lambda name: f"module.netG.{name}",
    "block": lambda name: name.replace("conv_block", "block"),
    "sequence": lambda name: name.replace("model.", "main.", 1).replace("conv_block", "body"),
    "network": lambda name: name.replace("model.", "netG_A.", 1),
    "other numbers at the end": lambda name: name.replace("model.23.", "to_rgb."),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_common_spellings_of_the_published_names_are_read(spelling: str, tmp_path: Path) -> None:
    state = generator_state(norm="instance_affine")
    theirs = {SPELLINGS[spelling](name): value for name, value in state.items()}
    checkpoint, found = import_files([save(tmp_path / "theirs.pth", theirs)])
    assert found[0].config["norm"] == "instance_affine"
    expected = import_files([save(tmp_path / "ours.pth", state)])[0].model
    assert list(checkpoint.model) == list(expected)
    assert all(torch.equal(checkpoint.model[name], expected[name]) for name in expected)
    assert found[0].notes[0].startswith(("read ", "matched 2 entries of other names by order and shape"))


def test_spellings_of_discriminators_and_heads_are_read(tmp_path: Path) -> None:
    judge = {
        name.replace("model", "netD.main"): value for name, value in unfit(PatchGANDiscriminator(filters=2)).items()
    }
    head = {f"netF.{name}": value for name, value in unfit(MLPHead([2, 4, 8], dim=4)).items()}
    generator = save(tmp_path / "g.pth", generator_state(antialias_down=False, blocks=3))
    found = import_files([generator, save(tmp_path / "d.pth", judge), save(tmp_path / "f.pth", head)])[1]
    assert [each.name for each in found] == ["generators.ab", "discriminators.b", "heads.f"]


def test_a_file_that_does_not_fit_is_refused_with_the_first_three_entries_that_differ(tmp_path: Path) -> None:
    state = generator_state() | {"attention.gamma": torch.zeros(1)}
    state |= dict.fromkeys(("model.5.weight", "model.27.weight", "model.27.bias"), torch.zeros(3))
    path = save(tmp_path / "theirs.pth", state)
    with pytest.raises(CheckpointError) as caught:
        import_files([path])
    assert str(caught.value).splitlines()[:5] == [
        f"{path} does not fit a ResNetGenerator. Entries that differ, in the file / in a ResNetGenerator:",
        "    attention.gamma [1] / -",
        "    model.5.weight [3] / -",
        "    model.27.weight [3] / -",
        "    and 1 more",
    ]
    path = save(tmp_path / "other.pth", {"conv1.weight": torch.zeros(1, 2)})
    with pytest.raises(CheckpointError, match=r"no published network. Its first entries are conv1\.weight \[1, 2\];"):
        import_files([path])


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "ran",))

    (tmp_path / "trap.pth").write_bytes(pickle.dumps({"model.0.weight": Trap()}))
    with pytest.raises(CheckpointError, match=r"trap\.pth"):
        import_files([str(tmp_path / "trap.pth")])
    save(tmp_path / "trap.pth", {"model.0.weight": Trap()})
    with pytest.raises(CheckpointError, match=r"holds types that are not allowed: getattr\. No code of it was run"):
        import_files([str(tmp_path / "trap.pth")])
    assert not (tmp_path / "ran").exists()


def test_files_without_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no file"):
        import_files([str(tmp_path / "none.pth")])
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(CheckpointError, match=r"text\.pth"):
        import_files([str(tmp_path / "text.pth")])
    with pytest.raises(CheckpointError, match="is not a state dict; it holds none"):
        import_files([save(tmp_path / "list.pth", [1, 2])])
    state = generator_state()
    with pytest.raises(CheckpointError, match="it holds 2 state dicts: 'G', 'D'"):
        import_files([save(tmp_path / "two.pth", {"G": state, "D": state})])


def test_a_head_needs_its_generator_and_published_layers(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="import it together with its generator"):
        import_files(files("cut", "F"))
    head = save(tmp_path / "latest_net_F.pth", unfit(MLPHead([3, 77], dim=4)))
    with pytest.raises(CheckpointError, match="a head for layers of 3, 77 channels"):
        import_files([head, *files("cut", "G")])


def test_a_head_of_a_generator_of_another_depth_gets_the_layers_of_the_same_names(tmp_path: Path) -> None:
    generator = save(tmp_path / "latest_net_G.pth", generator_state(antialias_down=False, blocks=3))
    head = save(tmp_path / "latest_net_F.pth", unfit(MLPHead([2, 4, 8], dim=4)))
    checkpoint, _ = import_files([head, generator])
    assert checkpoint.config["model"]["heads"]["f"]["taps"] == ["stem", "down1", "block2"]
