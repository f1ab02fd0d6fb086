import copy
import math

import pytest
import torch

from i2ikit.build import Builder
from i2ikit.distributed.device import DeviceError
from i2ikit.engine.execution import loss_scaler, network_precision
from i2ikit.engine.optim import PhaseUpdater, build_optimizers
from i2ikit.engine.runner import RunnerModel
from i2ikit.translation import Progress, UnpairedTranslation, build_model

CPU = torch.device("cpu")


@pytest.fixture
def model(cut) -> UnpairedTranslation:
    torch.manual_seed(0)
    found = build_model(cut["model"], Builder(), path="model")
    assert found is not None
    return found


def train(model: UnpairedTranslation, precision: str, steps: int) -> list[dict[str, float]]:
    """Train on one fixed pair of images after another; return the losses of each step."""
    model.precision = network_precision(precision, CPU)
    optimizer = {"type": "Adam", "lr": 2e-4, "betas": [0.5, 0.999]}
    updater = PhaseUpdater(build_optimizers(model.phases, model.networks, optimizer))
    runner = RunnerModel(model, CPU, seed=0)
    noise = torch.randn(2, 20, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 0.3
    losses = []
    for step in range(1, steps + 1):
        runner.progress = Progress(epoch=1, step=step, epochs=1, steps=steps)
        batch = {
            "a": (noise[0, step % 20, None] - 0.4).clamp(-1, 1),
            "b": (noise[1, step % 20, None] + 0.4).clamp(-1, 1),
        }
        losses.append({name: loss.item() for name, loss in runner.train_step([batch], updater).items()})
    return losses


def dtypes_of(model: UnpairedTranslation, precision: str) -> dict[str, set[torch.dtype]]:
    """What the convolutions, the losses and the contrast compute in, in one step."""
    seen: dict[str, set[torch.dtype]] = {"networks": set(), "losses": set()}

    def note(kind):
        return lambda _module, inputs, output: seen[kind].update(
            x.dtype for x in [*inputs, output] if torch.is_tensor(x)
        )

    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            module.register_forward_hook(lambda _module, _inputs, output: seen["networks"].add(output.dtype))
        if type(module).__name__.endswith("Loss"):
            module.register_forward_hook(note("losses"))
    train(model, precision, 1)
    return seen


def test_bf16_is_really_what_networks_compute_in_and_losses_stay_in_float32(model):
    assert dtypes_of(model, "bf16") == {"networks": {torch.bfloat16}, "losses": {torch.float32}}


def test_fp32_leaves_everything_alone(model):
    assert dtypes_of(model, "fp32") == {"networks": {torch.float32}, "losses": {torch.float32}}


def test_weights_and_their_moments_stay_in_float32(model):
    train(model, "bf16", 2)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


@pytest.mark.slow
def test_100_steps_in_bf16_stay_near_those_in_fp32(model):
    """The measure: each term's mean over the last 50 steps, and the image, as its error against fp32's in dB.

    After 200 steps two runs in fp32 whose initial weights differ by 1e-6 are as far from each other as from bf16.
    """
    other = copy.deepcopy(model)
    full, half = train(model, "fp32", 100)[-50:], train(other, "bf16", 100)[-50:]
    for name in full[0]:
        expected, found = (sum(losses[name] for losses in run) / 50 for run in (full, half))
        assert found == pytest.approx(expected, rel=0.05), name
    image = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(2)) * 2 - 1
    first, second = (one.render({"a": image}, ["ab(a)"])["ab(a)"] for one in (model, other))
    assert 10 * math.log10(4 / (first - second).square().mean().item()) > 25


@pytest.mark.parametrize("name", ["tf32", "fp16"])
def test_what_needs_cuda_is_refused_elsewhere_with_what_works(name):
    with pytest.raises(DeviceError, match=rf"{name} needs a CUDA device.*--precision bf16"):
        network_precision(name, CPU)


def test_only_fp16_scales_its_losses():
    assert [loss_scaler(name, CPU).is_enabled() for name in ("fp32", "tf32", "bf16", "fp16")] == [False] * 3 + [True]
