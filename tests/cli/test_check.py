"""`i2ikit check`."""

import pytest
from PIL import Image

from i2ikit.config import resolve_config
from i2ikit.errors import I2IKitError
from i2ikit.profiling import training_plan as planning
from i2ikit.profiling.training_plan import plan_training


@pytest.fixture
def without_costs(monkeypatch):
    """Skip the costs, which take seconds."""
    monkeypatch.setattr(planning, "add_costs", lambda plan: None)


def rows(text: str, title: str) -> list[list[str]]:
    """Return the cells of one table, split at two blanks or more."""
    lines = text.split(f"{title} ", 1)[1].splitlines()[1:]
    table = lines[: next(index for index, line in enumerate(lines) if not line.strip())]
    return [[cell for cell in line.rstrip().split("  ") if cell] for line in table]


def test_the_tables_show_what_would_be_trained(run, tiny, without_costs):
    outcome = run("check", tiny)
    assert outcome.code == 0
    networks = rows(outcome.out, "Networks")
    assert [cells[0] for cells in networks] == ["network", "generators.ab", "discriminators.b"]
    objective = [[cell.strip() for cell in cells] for cells in rows(outcome.out, "Objective")]
    assert objective == [
        ["phase", "updates", "term", "type", "reads", "weight"],
        ["discriminate", "discriminators.b", "d", "DiscriminatorTerm", "ab(a), b", "1"],
        ["generate", "generators.ab", "gan", "AdversarialTerm", "ab(a)", "1"],
        ["identity", "PixelTerm", "ab(b), b", "Until"],
    ]
    optimizers = [[cell.strip() for cell in cells] for cells in rows(outcome.out, "Optimizers")]
    assert optimizers[1:] == [
        ["discriminate", "discriminators.b", "Adam", "0.0002", "betas=(0.5, 0.999)"],
        ["generate", "generators.ab", "Adam", "0.0001", "betas=(0.5, 0.999)"],
    ]
    assert [cells[-1].strip() for cells in rows(outcome.out, "Data")] == ["items", "3", "2"]
    assert "Length: 6 steps in 2 epochs of 3, batch 1" in outcome.out


def test_parameters_are_counted(tiny):
    plan = plan_training(resolve_config(tiny))
    counts = [sum(parameter.numel() for parameter in network.parameters()) for network in plan.model.networks.values()]
    # 4x4 convolutions 3 -> 4, 4 -> 8, 8 -> 1, instance norm without parameters: weights and biases
    assert counts[1] == (3 * 4 * 16 + 4) + (4 * 8 * 16 + 8) + (8 * 16 + 1)


def test_the_schedule_is_shown_where_it_bends(tiny):
    schedule = "schedule=dict(type=LinearDecay, constant=30, decay=9)"
    weight = "model.phases.generate.terms.identity.weight.epoch=10"
    plan = plan_training(resolve_config(tiny, [schedule, weight, "train.epochs=39"]))
    learning_rate = [(row["epoch"], row["learning rate x"], row["weight of identity"]) for row in plan.schedule]
    assert learning_rate[0] == (1, 1.0, 5.0)
    assert (10, 1.0, 5.0) in learning_rate
    assert (11, 1.0, 0.0) in learning_rate
    assert (30, 1.0, 0.0) in learning_rate
    assert learning_rate[-1] == (39, 0.09999999999999998, 0.0)  # 1 - 9/10
    assert len(learning_rate) == 5


def test_the_schedule_of_a_short_run_is_shown_by_step(tiny):
    plan = plan_training(resolve_config(tiny, ["schedule=dict(type=StepwiseLinearDecay, start=0.5)", "train.steps=10"]))
    assert (plan.schedule[0]["step"], plan.schedule[-1]["step"]) == (1, 10)
    assert (plan.steps, plan.epochs) == (10, 4)


def test_accumulated_batches_are_one_step(tiny):
    plan = plan_training(resolve_config(tiny, ["train.accumulate=3"]))
    assert (plan.steps_per_epoch, plan.steps, plan.epochs) == (1, 2, 2)


def test_a_schedule_that_never_changes_has_no_table(run, tiny, without_costs):
    overrides = ("--set", "schedule=none", "--set", "model.phases.generate.terms.identity.weight=1")
    assert "Schedule" not in run("check", tiny, *overrides).out


def test_missing_data_is_an_error_after_the_tables(run, tiny, without_costs):
    outcome = run("check", tiny, "--data", "not/there", "--set", "data.crop_size=16")
    assert outcome.code == 2
    assert [cells[-1].strip() for cells in rows(outcome.out, "Data")] == ["items", "not found", "not found"]
    assert "Length: 2 epochs, batch 1" in outcome.out
    assert "not/there" in outcome.err


def test_a_size_that_a_network_cannot_take_is_the_only_output(run, tiny):
    outcome = run("check", tiny, "--set", "data.load_size=18")
    assert outcome.code == 2
    assert "multiples of 4 of at least 8, not 18: data.load_size=16 or data.load_size=20" in outcome.err
    assert outcome.out == ""


def test_a_size_of_the_files_that_a_network_cannot_take_is_an_error_after_the_tables(run, tiny, tmp_path):
    for folder in ("trainA", "trainB"):
        (tmp_path / "photos" / folder).mkdir(parents=True)
        Image.new("RGB", (18, 18)).save(tmp_path / "photos" / folder / "1.png")
    keep = "data.train.transform=dict(type=ResizeToMultiple, multiple=3)"
    outcome = run("check", tiny, "--data", tmp_path / "photos", "--set", keep, "--set", "data.crop_size=16")
    assert outcome.code == 2
    assert "terms.d: ResNetGenerator needs height and width that are multiples of 4, got 18 x 18" in outcome.err
    assert "Length: " in outcome.out


def test_a_data_set_that_refuses_its_arguments_is_an_error(run, tiny, without_costs):
    outcome = run("check", tiny, "--set", "data.train.split=trian")
    assert outcome.code == 2
    assert "data.train: Stripes refused its arguments: split must be one of" in outcome.err


def test_each_network_is_shown_with_the_phases_that_update_it(run, without_costs):
    outcome = run("check", "cut/stripes", "--set", "model.phases.generate.update=[heads]")
    assert outcome.code == 0, outcome.err
    updated = {cells[0].strip(): cells[-1].strip() for cells in rows(outcome.out, "Networks")}
    assert updated["generators.ab"] == "no phase: its weights never change"
    assert updated["discriminators.b"] == "discriminate"


def test_errors_end_it_before_the_tables(run, tiny, without_costs):
    outcome = run("check", tiny, "--set", "optimizer.type=Adm", "--set", "train.epochs=0")
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("i2ikit: 2 errors in small/stripes.py:\n  - --set train.epochs=0: must be")


def test_a_packaged_config_is_checked_by_name(run, without_costs):
    outcome = run("check", "cut/horse2zebra", "--data", "not/there")
    assert "11,378,179" in outcome.out  # CUT's published ResNet with 9 blocks, anti-aliased


@pytest.mark.slow
def test_the_cost_of_a_step_is_shown_with_what_would_save_memory(run, tiny):
    outcome = run("check", tiny)
    title = "Cost of a step on images of 1x3x16x16,"
    cells = [[cell.strip() for cell in row] for row in rows(outcome.out, title)]
    names = [row[0] for row in cells]
    assert names[1:] == ["as configured: fp32", "train.precision=bf16", "train.checkpoint_activations=True"]
    plain, half, lean = (float(row[3].removesuffix(" MB")) for row in cells[1:])
    assert 0 < lean <= plain
    assert 0 < half <= plain
    plan = plan_training(resolve_config(tiny))
    trained = sum(parameter.numel() for parameter in plan.model.parameters())
    assert f"{title} {trained:,} trained parameters" in outcome.out


def test_an_unknown_cost_is_shown_with_its_reason_and_stops_nothing(run, tiny, monkeypatch):
    def refuse(config, model, dataset):
        raise I2IKitError("nothing determines the size")

    monkeypatch.setattr(planning, "batch_shapes", refuse)
    outcome = run("check", tiny)
    assert outcome.code == 0
    assert "Cost: unknown, nothing determines the size\nLength: 6 steps" in outcome.out
