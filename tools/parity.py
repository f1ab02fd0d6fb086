"""Replays recorded training steps of the published implementations and compares every number.

    python tools/parity.py CASE_DIR...

A case is a folder with ``case.json``, ``init_net_*.pth`` and ``steps.npz``. The model is built from the config of the
method, gets the recorded weights through the importer, and runs in float64 with the recorded images, patch positions
and mirrors; a plugin adds to this what is in its ``tests/replay_MODEL.py``, MODEL as published. Exit code 0 means that
every loss is within 1e-9, every norm of a parameter within 1e-6 and every image within 1e-5 of the record, relatively.
"""

import argparse
import importlib
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from i2ikit.build import Builder
from i2ikit.distributed.device import batch_to_device
from i2ikit.engine.optim import PhaseUpdater, build_optimizers
from i2ikit.errors import ConfigError, I2IKitError
from i2ikit.inference.interop import fit, layout_of, unfit
from i2ikit.inference.interop.files import network_name
from i2ikit.inference.interop.options.objective import method_config, terms_of
from i2ikit.interfaces import Positions, Read, SamplingPlan, StepReader
from i2ikit.nn.stylegan2 import Noise
from i2ikit.terms.adversarial import DiscriminatorTerm
from i2ikit.terms.patch import PatchTerm
from i2ikit.translation import Progress, RandomStreams, UnpairedTranslation, build_model

LIMITS = {"losses": 1e-9, "norms": 1e-6, "images": 1e-5}
# Published name of a loss -> our term (or what is recorded of it), and the options whose product the name includes.
LOSSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "D_real": ("d.real", ()),
    "D_fake": ("d.fake", ()),
    "D_R1": ("r1", ("lambda_R1",)),
    "G": ("generate", ()),
    "G_GAN": ("gan", ("lambda_GAN",)),
    "NCE": ("content", ("lambda_NCE",)),
    "NCE_Y": ("identity", ("lambda_NCE",)),
    "BYOL": ("content", ("lambda_NCE",)),
    "BYOL_Y": ("identity", ("lambda_IDT",)),
    "idt": ("color", ("lambda_identity",)),
    "D_A": ("d_b", ()),
    "D_B": ("d_a", ()),
    "G_A": ("gan_ab", ("lambda_GAN",)),
    "G_B": ("gan_ba", ("lambda_GAN",)),
    "cycle_A": ("cycle_a", ("lambda_A",)),
    "cycle_B": ("cycle_b", ("lambda_B",)),
    "NCE1": ("content_ab", ("lambda_NCE",)),
    "NCE2": ("content_ba", ("lambda_NCE",)),
    "idt_A": ("identity_b", ("lambda_B", "lambda_identity", "lambda_IDT")),
    "idt_B": ("identity_a", ("lambda_A", "lambda_identity", "lambda_IDT")),
}
IMAGES = {"fake_B": "ab(a)", "fake_A": "ba(b)", "rec_A": "ba(ab(a))", "rec_B": "ab(ba(b))", "idt_A": "ab(b)"}
ZERO = 1e-9  # a norm below it is that of a true zero but for rounding; measured as if it were this large
FLIPPED = "_flipped"  # the entry among the losses that records whether the step mirrored its input


class RecordedPositions(nn.Module):
    """Return the recorded positions, and those of the method's own sampler where none are recorded."""

    def __init__(self, sampler: Any) -> None:
        super().__init__()
        self.sampler = sampler
        self.ids: dict[int, Tensor] = {}

    def reads(self) -> list[Read]:
        """Return what the method's own sampler reads."""
        return self.sampler.reads()

    def plan(self, step: StepReader, keys: Sequence[Tensor], queries: Sequence[Tensor]) -> list[SamplingPlan]:
        """Return one plan per layer."""
        recorded = {layer: Positions(ids.to(keys[0].device)) for layer, ids in self.ids.items()}
        if len(recorded) == len(keys):
            return [recorded[layer] for layer in range(len(keys))]
        plans = self.sampler.plan(step, keys, queries)
        return [recorded.get(layer, plan) for layer, plan in enumerate(plans)]


class RecordedLoss(nn.Module):
    """An adversarial loss that records its two halves, which the published code reports separately."""

    def __init__(self, loss: Any) -> None:
        super().__init__()
        self.loss = loss
        self.values: dict[str, float] = {}

    def real(self, logits: Tensor) -> Tensor:
        """Return the loss on real images."""
        return self._kept("real", self.loss.real(logits))

    def fake(self, logits: Tensor) -> Tensor:
        """Return the loss on generated images."""
        return self._kept("fake", self.loss.fake(logits))

    def _kept(self, half: str, value: Tensor) -> Tensor:
        self.values[half] = value.item()
        return value


@dataclass
class Case:
    """One recorded run."""

    path: Path
    options: dict[str, Any]
    losses: list[dict[str, Any]]
    networks: dict[str, list[Any]]
    steps: Mapping[str, np.ndarray]
    still: Mapping[str, Mapping[str, str]]
    content: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> "Case":
        """Read the folder of a case."""
        content = json.loads((path / "case.json").read_text())
        with np.load(path / "steps.npz") as steps:
            arrays = {name: steps[name] for name in steps.files}
        options = {**content["options"], "model": content["model"]}
        reasons = {"cancelled": "entries whose true gradient is zero", "unused": "entries that no gradient reaches"}
        still: dict[str, dict[str, str]] = {name: {} for name in content["networks"]}
        for reason, text in reasons.items():
            for network, entries in content.get(reason, {}).items():
                still[network].update(dict.fromkeys(entries, text))
        return cls(path, options, content["losses"], content["networks"], arrays, still, content)

    def batch(self, step: int) -> dict[str, Tensor]:
        """Return the images of a step, (B, C, H, W) in -1..1, float64."""
        return {domain.lower(): self.pixels(f"step{step}/real_{domain}") for domain in ("A", "B")}

    def directed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is recorded for A and B by the domains of the translation, which goes from a to b."""
        swap = {"a": "b", "b": "a"} if self.options["direction"] == "BtoA" else {}
        return {swap.get(name[0], name[0]) + name[1:]: value for name, value in values.items()}

    def pixels(self, name: str) -> Tensor:
        """Return recorded images, (B, C, H, W) in -1..1, float64."""
        return torch.from_numpy(self.steps[name]).double() / 127.5 - 1

    def drawn(self, step: int, name: str) -> Tensor:
        """Return recorded random numbers of a step, float64, or int64 as they are."""
        found = torch.from_numpy(self.steps[f"step{step}/draws/{name}"])
        return found.double() if found.is_floating_point() else found

    def weights(self, network: str) -> dict[str, Tensor]:
        """Return the published state dict that a network started from."""
        return torch.load(self.path / f"init_net_{network}.pth", map_location="cpu", weights_only=True)

    def positions(self, step: int, call: int) -> dict[int, Tensor]:
        """Return the recorded positions by layer of one patch loss."""
        prefix = f"step{step}/patch_ids/call{call}/layer"
        names = [name for name in self.steps if name.startswith(prefix)]
        return {int(name.removeprefix(prefix)): torch.from_numpy(self.steps[name]).long() for name in names}


@dataclass
class Errors:
    """Relative errors: the worst of each kind with its name, and those of the losses step by step."""

    losses: list[tuple[float, str]] = field(default_factory=list)
    norms: tuple[float, str] = (0.0, "")
    images: tuple[float, str] = (0.0, "")
    apart: dict[str, float] = field(default_factory=dict)

    def worst(self) -> dict[str, float]:
        """Return the worst error of each kind that has a limit."""
        return {"losses": max(self.losses)[0], "norms": self.norms[0], "images": self.images[0]}

    def passed(self) -> bool:
        """Say whether all errors are within their limits."""
        return all(self.worst()[kind] <= limit for kind, limit in LIMITS.items())


def build(options: Mapping[str, Any]) -> tuple[dict[str, Any], UnpairedTranslation]:
    """Return config and model of published options, the model in float64 and with all its random parts made to wait.

    Raises:
        ConfigError: the options mean nothing here.
    """
    config = method_config(options)
    return config, waiting_model(config["model"])


def waiting_model(config: Mapping[str, Any], real: Sequence[str] = ("a", "b")) -> UnpairedTranslation:
    """Return a model in float64 whose random parts wait for recorded values.

    Args:
        config: the ``model`` section.
        real: names of the real images.

    Raises:
        ConfigError: the config has errors.
    """
    builder = Builder()
    model = build_model(config, builder, real=real)
    if model is None:
        raise ConfigError("the config of the options", [f"{each.path}: {each.message}" for each in builder.errors])
    for term in model.terms.values():
        if isinstance(term, PatchTerm):
            term.sampler = RecordedPositions(term.sampler)
        if isinstance(term, DiscriminatorTerm):
            term.loss = RecordedLoss(term.loss)
    for module in model.modules():
        if isinstance(module, Noise):  # the recorded runs held the noise at zero
            module.register_forward_hook(lambda _module, given, _output: given[0])
    # One call for each image, as published: in a shared call the gradients of a Wasserstein or hinge discriminator's
    # last bias cancel but for rounding, and Adam makes a step of 1e-13 of it, which shows in losses of 1e-4.
    model.shareable.update(dict.fromkeys((f"discriminators.{name}" for name in model.discriminators), False))
    return model.double()


class Replay:
    """A case and its model. Methods with other networks or other random numbers than the core's override it."""

    losses = LOSSES
    images = IMAGES
    unreported: tuple[str, ...] = ("_",)  # what the names of recorded values begin with that are no losses of ours

    def __init__(self, case: Case) -> None:
        self.case = case
        self.config, self.model = self.build()

    def build(self) -> tuple[dict[str, Any], UnpairedTranslation]:
        """Return config and model of the published options.

        Raises:
            ConfigError: the options mean nothing here.
        """
        return build(self.case.options)

    def network(self, published: str) -> tuple[str, nn.Module]:
        """Return full name and module of a network."""
        name = network_name(published)
        return name, self.model.networks[name]

    def load(self, published: str) -> None:
        """Load the weights that a network started from."""
        network = self.network(published)[1]
        network.load_state_dict(fit(network, self.case.weights(published), f"init_net_{published}.pth"))

    def state(self, published: str) -> Mapping[str, Tensor]:
        """Return the published state dict of a network."""
        return unfit(self.network(published)[1])

    def batch(self, step: int) -> dict[str, Tensor]:
        """Return the images of a step by name, on the device of the model."""
        return batch_to_device(self.case.batch(step), next(self.model.parameters()).device)

    def inject(self, step: int) -> None:
        """Replace random positions and mirrors by the recorded ones."""
        mirrored = bool(self.case.losses[step].get(FLIPPED, False))
        phases = self.model.phases.values()
        terms = [term for phase in phases for term, _ in phase.active(_progress(self.case, step)).values()]
        for call, term in enumerate(term for term in terms if isinstance(term, PatchTerm)):
            term.sampler.ids = self.case.positions(step, call)
        if "mirror" in self.model.views:
            self.model.views["mirror"].sample = lambda *_: True if mirrored else None

    def streams(self, step: int) -> RandomStreams:
        """Return the random streams of a step."""
        return RandomStreams(seed=0, step=step + 1)

    def made(self, step: int) -> Iterator[tuple[str, Tensor]]:
        """Yield what the generators make before the step's updates, by the name of its record."""
        batch = self.batch(step)
        if self.case.losses[step].get(FLIPPED):
            batch = {domain: images.flip(-1) for domain, images in batch.items()}
        expressions = {**self.images, "idt_B": "ba(a)" if "ba" in self.model.generators else "ab(b)"}
        for name, expression in expressions.items():
            if f"step{step}/{name}" in self.case.steps:
                yield name, self.model.render(batch, [expression])[expression].cpu()

    def apart(self, published: str) -> Mapping[str, str]:
        """Return the entries of a network that no two programs agree on, and why: their true gradient is zero."""
        return _apart(self.model, self.config["model"], self.network(published)[0])


def replay_of(case: Case) -> Replay:
    """Return the replay of a case: that of the plugin whose tests have one for the case's published model, or ours."""
    for path in Path(__file__).parents[1].glob("plugins/*/tests/replay_*.py"):
        if path.stem == f"replay_{case.options['model']}":
            sys.path.insert(0, str(path.parent))
            found: Replay = importlib.import_module(path.stem).Replay(case)
            return found
    return Replay(case)


def replay(case: Case, device: str = "cpu") -> Errors:
    """Run the steps of a case on a device and compare them with its record.

    Raises:
        I2IKitError: the case cannot be replayed.
    """
    run = replay_of(case)
    run.model.to(device)
    for published in case.networks:
        run.load(published)
    updater = PhaseUpdater(build_optimizers(run.model.phases, run.model.networks, run.config["optimizer"]))
    errors = Errors()
    for step in range(len(case.losses)):
        run.inject(step)
        _compare_images(errors, run, step)
        values = _run(run, step, updater)
        errors.losses.append(_worst_loss(values, case, step, run))
        for published in case.networks:
            _compare_norms(errors, run, step, published)
    return errors


def _progress(case: Case, step: int) -> Progress:
    epochs = case.options["n_epochs"] + case.options["n_epochs_decay"]
    return Progress(epoch=case.options["epoch_count"], step=step + 1, epochs=epochs, steps=len(case.losses))


def _run(run: Replay, step: int, updater: Callable[[str, Tensor], None]) -> dict[str, float]:
    """Run one step; return unweighted terms, halves of the discriminators' terms, and totals of the phases, by name."""
    totals: dict[str, float] = {}
    model, streams = run.model, run.streams(step)

    def update(phase: str, total: Tensor) -> None:
        totals[phase] = total.item()
        updater(phase, total)

    terms = model.train_step([run.batch(step)], update, _progress(run.case, step), [streams])
    halves = {
        f"{name}.{half}": value
        for name, term in model.terms.items()
        if isinstance(term, DiscriminatorTerm)
        for half, value in term.loss.values.items()
    }
    return {**totals, **halves, **{name: value.item() for name, value in terms.items()}}


def relative(ours: float, recorded: float, scale: float = 0.0) -> float:
    """Return the error relative to the record, or to ``scale`` if that is larger; not finite is infinitely wrong."""
    if ours == recorded:
        return 0.0
    scale = max(abs(recorded), scale)
    error = abs(ours - recorded) / scale if scale else math.inf
    return error if math.isfinite(error) else math.inf


def _worst_loss(values: Mapping[str, float], case: Case, step: int, run: Replay) -> tuple[float, str]:
    """Return the worst relative error of a step's losses. A loss of 0 may be that of a term that is off."""
    found = []
    for name, value in case.losses[step].items():
        term, factors = run.losses.get(name, (name, ()))
        if name.startswith(run.unreported) or (term not in values and value == 0):
            continue
        factor = math.prod(case.options.get(option, 1.0) for option in factors)
        found.append((relative(values.get(term, math.nan) * factor, value), name))
    return max(found)


def _compare_images(errors: Errors, run: Replay, step: int) -> None:
    """Compare what the generators make before the step's updates."""
    for name, ours in run.made(step):
        key = f"step{step}/{name}"
        recorded = torch.from_numpy(run.case.steps[key]).double()
        error = relative((ours - recorded).abs().max().item(), 0.0, scale=recorded.abs().max().item())
        errors.images = max(errors.images, (error, key))


def _apart(model: UnpairedTranslation, config: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the published names of parameters whose true gradient is zero, and why, for one network.

    Rounding noise alone moves them, so no two programs agree on them.
    """
    network = model.networks[name]
    kind, _, short = name.partition(".")
    tapped = {
        f"stages.{tap.removesuffix('_conv')}.conv.bias" if tap not in network.tap_names else f"stages.{tap}.bias"
        for term in terms_of(config, "PatchTerm")
        if kind == "generators" and term["query"][0] == short
        for tap in (each if isinstance(each, str) else each[1] for each in term["taps"])
    }
    layout = layout_of(network)
    apart = {
        each: "biases that an instance norm cancels" for each in layout.canceled if layout.entries[each] not in tapped
    }
    losses = {term["loss"]["type"] for term in terms_of(config, "DiscriminatorTerm") if term["discriminator"] == short}
    if kind == "discriminators" and losses & {"ClippedHingeLoss", "WGANLoss"}:
        apart[list(layout.entries)[-1]] = "last bias of a discriminator whose loss cancels"
    return apart


def _compare_norms(errors: Errors, run: Replay, step: int, published: str) -> None:
    """Compare sum and L2 norm of every entry of a network's published state dict."""
    ours, apart = run.state(published), run.apart(published)
    recorded = run.case.steps[f"step{step}/after/{published}"]
    for (entry, _shape), row in zip(run.case.networks[published], recorded, strict=True):
        if entry in apart and entry not in ours:
            continue
        value = ours[entry].double()
        scale = max(row[1], ZERO)  # of the summed terms, which may cancel
        error = max(relative(value.sum().item(), row[0], scale), relative(value.norm().item(), row[1], scale))
        if entry in apart:
            errors.apart[apart[entry]] = max(errors.apart.get(apart[entry], 0.0), error)
        else:
            errors.norms = max(errors.norms, (error, f"step{step}/{published} {entry}"))


def report(case: Case, errors: Errors) -> Iterator[str]:
    """Yield the lines that say how a case went."""
    verdict = "equal" if errors.passed() else "DIFFERENT"
    yield f"{case.path.name}: {verdict}"
    for step, (error, name) in enumerate(errors.losses):
        yield f"  losses, step {step}   {error:.1e}  ({name})"
    yield f"  norms            {errors.norms[0]:.1e}  ({errors.norms[1]})"
    yield f"  images           {errors.images[0]:.1e}  ({errors.images[1]})"
    for kind, error in errors.apart.items():
        yield f"  set apart        {error:.1e}  ({kind})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay the cases named on the command line; return 0 if all are equal, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", type=Path, metavar="CASE_DIR")
    passed = True
    for path in (path.resolve() for path in parser.parse_args(arguments).cases):
        try:
            case = Case.read(path)
            errors = replay(case)
        except (I2IKitError, OSError, LookupError, ValueError, RuntimeError) as error:
            print(f"{path.name}: NOT REPLAYED\n  {type(error).__name__}: {error}")
            passed = False
            continue
        print("\n".join(report(case, errors)))
        passed &= errors.passed()
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(importlib.import_module("parity").main())  # by its name, which the replays of plugins import
