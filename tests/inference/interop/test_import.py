"""Files of published weights into checkpoints, and out of them."""

import pickle
from pathlib import Path

import pytest
import torch
from torch import Tensor

from i2ikit.discriminators.patchgan import PatchGANDiscriminator
from i2ikit.engine.checkpointing.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from i2ikit.errors import CheckpointError
from i2ikit.generators.resnet import ResNetGenerator
from i2ikit.heads.mlp import MLPHead
from i2ikit.inference import Translator
from i2ikit.inference.interop import unfit
from i2ikit.inference.interop.exporting import export_files
from i2ikit.inference.interop.importing import import_files
from i2ikit.inference.interop.renaming import Rename

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
    written, left_out = export_files(
        read_checkpoint(tmp_path / "imported.pt"), tmp_path / "out", source="imported.pt", prefix="init"
    )
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
    torch.testing.assert_close(Translator.from_checkpoint(tmp_path / "c.pt")(x), expected)


def test_files_without_a_telling_name_are_taken_in_the_usual_order(tmp_path: Path) -> None:
    one, two = save(tmp_path / "one.pth", generator_state()), save(tmp_path / "two.pth", generator_state())
    judge = save(tmp_path / "judge.pth", unfit(PatchGANDiscriminator(filters=2)))
    found = import_files([judge, one, two])[1]
    assert [each.name for each in found] == ["discriminators.b", "generators.ab", "generators.ba"]


def test_a_name_before_the_file_says_which_network_it_is(tmp_path: Path) -> None:
    path = save(tmp_path / "any.pth", generator_state())
    assert import_files([f"G_B={path}"])[1][0].name == "generators.ba"
    with pytest.raises(CheckpointError, match=r"no network 'G_C'\. Nearest:"):
        import_files([f"G_C={path}"])
    with pytest.raises(CheckpointError, match="should be D, but holds a ResNetGenerator"):
        import_files([f"D={path}"])


def test_two_files_for_one_network_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "any.pth", generator_state())
    with pytest.raises(CheckpointError, match=r"would both be generators\.ab; say which"):
        import_files([f"G={path}", f"G_A={path}"])


def test_prefixes_and_wrappings_are_taken_off_and_said(tmp_path: Path) -> None:
    wrapped = {"epoch": 3, "state_dict": {f"module.{name}": value for name, value in generator_state().items()}}
    found = import_files([save(tmp_path / "wrapped.pth", wrapped)])[1][0]
    assert found.notes == [
        "took the entry 'state_dict' of the file",
        "took the prefix 'module.' off all names",
        "compared 4 blur kernels, which are not weights",
    ]
    assert found.parameters == sum(p.numel() for p in ResNetGenerator(filters=2, blocks=2).parameters())


def test_statistics_of_old_instance_norms_are_left_out_and_said(tmp_path: Path) -> None:
    state = generator_state(antialias_down=False, antialias_up=False)
    state |= {"model.2.running_mean": torch.zeros(2), "model.10.conv_block.6.running_var": torch.ones(8)}
    found = import_files([save(tmp_path / "old.pth", state)])[1][0]
    assert found.notes == ["left out 2 statistics of instance norms, which use none"]


def test_other_peoples_names_are_changed_by_patterns(tmp_path: Path) -> None:
    state = generator_state(norm="instance_affine")
    theirs = {name.replace("model.", "net.").replace("conv_block", "body"): value for name, value in state.items()}
    theirs = {name.replace("net.30.", "to_rgb."): value for name, value in theirs.items() if "filt" not in name}
    theirs = {name.replace("net.23.", "to_rgb."): value for name, value in theirs.items()} | {
        "ema.decay": torch.ones(1)
    }
    path = save(tmp_path / "theirs.pth", theirs)
    with pytest.raises(CheckpointError, match=r"(?s)fit nothing:.*net\.1\.weight"):
        import_files([path])
    kernels = {name: value for name, value in state.items() if "filt" in name}
    path = save(tmp_path / "theirs.pth", theirs | kernels)
    renames = ["net.*=model.*", "*.body.*=*.conv_block.*", "to_rgb.*=model.23.*", "ema.*="]
    checkpoint, found = import_files([path], renames)
    assert found[0].config["norm"] == "instance_affine"
    assert torch.equal(checkpoint.model["generators.ab.stages.out.conv.weight"], state["model.23.weight"])


@pytest.mark.parametrize(
    ("text", "message"),
    [("nothing", "written OLD=NEW"), ("=x", "written OLD=NEW"), ("a.*.*=b.*", r"as many \* on the right")],
)
def test_a_renaming_that_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        Rename.parse(text)


def test_a_renaming_without_effect_or_with_a_clash_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "any.pth", generator_state())
    with pytest.raises(CheckpointError, match=r"nets\.\*=model\.\* matches no name in"):
        import_files([path], ["nets.*=model.*"])
    with pytest.raises(CheckpointError, match=r"two entries of .* would be called 'model\.1\.weight'"):
        import_files([path], ["model.4.*=model.1.*"])


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "ran",))

    (tmp_path / "trap.pth").write_bytes(pickle.dumps({"model.0.weight": Trap()}))
    with pytest.raises(CheckpointError, match=r"trap\.pth"):
        import_files([str(tmp_path / "trap.pth")])
    save(tmp_path / "trap.pth", {"model.0.weight": Trap()})
    with pytest.raises(CheckpointError, match="holds more than weights; nothing of it was run"):
        import_files([str(tmp_path / "trap.pth")])
    assert not (tmp_path / "ran").exists()


def test_files_that_hold_no_weights_say_so(tmp_path: Path) -> None:
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


def checkpoint_of(generators: dict[str, ResNetGenerator], configs: dict[str, object]) -> Checkpoint:
    model = {
        f"generators.{name}.{key}": value for name, g in generators.items() for key, value in g.state_dict().items()
    }
    return Checkpoint(config={"model": {"generators": configs}}, model=model)


def test_networks_that_the_published_code_does_not_have_are_left_out_with_the_reason(tmp_path: Path) -> None:
    small = {"type": "ResNetGenerator", "filters": 2, "blocks": 1}
    generators = {name: ResNetGenerator(filters=2, blocks=1) for name in ("ab", "extra")}
    checkpoint = checkpoint_of(generators, {"ab": small, "extra": small})
    written, left_out = export_files(checkpoint, tmp_path, source="c.pt")
    assert [path.name for path in written.values()] == ["latest_net_G.pth"]
    assert list(left_out) == ["generators.extra"]


def test_without_a_published_generator_nothing_is_written(tmp_path: Path) -> None:
    config = {"type": "ResNetGenerator", "filters": 2, "blocks": 1, "input_skip": True}
    checkpoint = checkpoint_of({"ab": ResNetGenerator(filters=2, blocks=1, input_skip=True)}, {"ab": config})
    with pytest.raises(CheckpointError, match=r"(?s)no generator that the published code could read.*input_skip"):
        export_files(checkpoint, tmp_path / "out", source="c.pt")
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_whose_weights_do_not_fit_its_config_is_named(tmp_path: Path) -> None:
    checkpoint = checkpoint_of(
        {"ab": ResNetGenerator(filters=2, blocks=1)}, {"ab": {"type": "ResNetGenerator", "filters": 4, "blocks": 1}}
    )
    with pytest.raises(CheckpointError, match=r"weights in c\.pt do not fit its config: generators\.ab\.stages"):
        export_files(checkpoint, tmp_path, source="c.pt")
    checkpoint.config["model"]["generators"]["ab"]["type"] = "ResNetGenerater"
    with pytest.raises(CheckpointError, match=r"(?s)cannot rebuild the networks of c\.pt.*Nearest: 'ResNetGenerator'"):
        export_files(checkpoint, tmp_path, source="c.pt")


def test_of_a_network_with_a_moving_average_the_average_is_written(tmp_path: Path) -> None:
    generators = {name: ResNetGenerator(filters=2, blocks=1) for name in ("ab", "ab_mean")}
    checkpoint = checkpoint_of(generators, {"ab": {"type": "ResNetGenerator", "filters": 2, "blocks": 1}})
    checkpoint.config["model"]["averages"] = {"ab_mean": {"of": "generators.ab", "momentum": 0.9}}
    written, left_out = export_files(checkpoint, tmp_path, source="c.pt")
    assert not left_out
    weights = torch.load(written["generators.ab"], weights_only=True)
    assert torch.equal(weights["model.1.weight"], generators["ab_mean"].stages.stem.conv.weight)
