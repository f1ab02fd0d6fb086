"""Optimizers of the phases, and the updates of the weights."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer

from i2ikit.config.mmengine_parts import OPTIMIZER
from i2ikit.distributed.group import average
from i2ikit.errors import ConfigError
from i2ikit.from_mmengine import OptimWrapper, OptimWrapperDict
from i2ikit.translation import Phase

FUSED = {"Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW, "SGD": torch.optim.SGD}
FUSED_ON = ("cpu", "cuda")
OTHER_WAYS = ("fused", "foreach", "capturable", "differentiable")  # options of an optimizer that exclude each other


def build_optimizers(
    phases: Mapping[str, Phase], networks: Mapping[str, nn.Module], default: Mapping[str, Any]
) -> dict[str, Optimizer]:
    """Build the optimizers of all phases; the config they come from has been validated.

    Args:
        phases: of the model; ``phase.optimizer`` overrides single keys of ``default``, ``phase.groups`` those of the
            networks it names: ``"heads"`` for all heads, ``"heads.f"`` for one, which wins.
        networks: by full name.
        default: the config's ``optimizer``: ``dict(type="Adam", lr=2e-4, ...)``, any optimizer of torch or of mmengine.
            Adam, AdamW and SGD are fused unless the config chooses another way: all weights in one operation.

    Returns:
        optimizers by name of the phase. A network without parameters has no group. A group's ``name`` is that of its
        network, its ``initial_lr`` the rate that schedules multiply.

    Raises:
        ConfigError: there is no such optimizer, or a phase has no parameter to update.
    """
    return {
        name: _build(phase, networks, {**default, **phase.optimizer}, f"model.phases.{name}")
        for name, phase in phases.items()
    }


def _build(phase: Phase, networks: Mapping[str, nn.Module], config: dict[str, Any], path: str) -> Optimizer:
    kind = config.pop("type", None)
    found = OPTIMIZER.known().get(kind)
    if found is None:
        raise ConfigError("the config", [f"{path}.optimizer.type: no optimizer is called {kind!r}."])
    groups = list(_groups(phase, networks))
    if not groups:
        raise ConfigError("the config", [f"{path}.update: none of {', '.join(phase.update)} has a parameter to update"])
    if FUSED.get(kind) is found and _can_fuse(groups) and not any(key in config for key in OTHER_WAYS):
        config["fused"] = True
    optimizer: Optimizer = found(groups, **config)
    for group in optimizer.param_groups:
        group["initial_lr"] = float(group["lr"])
    return optimizer


def _can_fuse(groups: list[dict[str, Any]]) -> bool:
    parameters = [parameter for group in groups for parameter in group["params"]]
    return all(parameter.device.type in FUSED_ON and parameter.is_floating_point() for parameter in parameters)


def _groups(phase: Phase, networks: Mapping[str, nn.Module]) -> Iterator[dict[str, Any]]:
    for network in phase.update:
        parameters = [parameter for parameter in networks[network].parameters() if parameter.requires_grad]
        if parameters:
            kind = network.partition(".")[0]
            options = {**phase.groups.get(kind, {}), **phase.groups.get(network, {})}
            yield {"params": parameters, "name": network, **options}


class PhaseUpdater(OptimWrapperDict):
    """Updates the networks of a phase, and keeps values that are not finite away from the weights.

    After a loss or a gradient that is not finite nothing is updated any more. A fused optimizer finds that out on its
    device, and the step does not wait for it: see :meth:`take_flags`. With a scaler, a gradient that overflows does not
    count: the scaler leaves that update out and lowers its scale.

    Args:
        optimizers: by name of the phase.
        accumulate: losses per update, >= 1; the update descends their mean.
        clip_gradients: maximum Euclidean norm of all gradients of a phase, > 0; longer ones are scaled down to it.
        scaler: of losses in half precision; None: losses are not scaled.
    """

    def __init__(
        self,
        optimizers: dict[str, Optimizer],
        *,
        accumulate: int = 1,
        clip_gradients: float | None = None,
        scaler: torch.amp.GradScaler | None = None,
    ) -> None:
        super().__init__(**{name: OptimWrapper(optimizer) for name, optimizer in optimizers.items()})
        self.optimizers = optimizers
        self.accumulate, self.clip_gradients = accumulate, clip_gradients
        self.scaler = scaler or torch.amp.GradScaler("cpu", enabled=False)
        self._losses: list[Tensor] = []
        self._bad: Tensor | None = None  # 0, or NaN after the first value that was not finite
        self._flags: dict[str, Tensor] = {}

    def __call__(self, phase: str, loss: Tensor) -> None:
        """Backpropagate one of the losses of ``phase``; after the last of them, update the weights.

        The gradient is averaged over all processes first, so all processes agree on whether it is finite.
        """
        if not self._losses:
            self.optimizers[phase].zero_grad(set_to_none=True)
        part = loss / self.accumulate
        self.scaler.scale(part).backward()
        self._losses.append(part.detach())
        if len(self._losses) == self.accumulate:
            losses, self._losses = self._losses, []
            self._update(phase, losses[0] if self.accumulate == 1 else torch.stack(losses).sum())

    def take_flags(self) -> dict[str, Tensor]:
        """Return for each phase since the last call, in their order, 0 or NaN: a scalar on the device.

        NaN: a loss or a gradient of this phase, or of an earlier one, was not finite.
        """
        flags, self._flags = self._flags, {}
        return flags

    def put_flags(self, flags: Mapping[str, Tensor]) -> None:
        """Set what :meth:`take_flags` returns; for updates that were replayed."""
        self._flags = dict(flags)

    @property
    def fused(self) -> bool:
        """Whether all optimizers are fused."""
        return all(getattr(each, "_step_supports_amp_scaling", False) for each in self.optimizers.values())

    def keep_rates_on_device(self) -> None:
        """Turn learning rates into tensors, so that captured updates read them."""
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = torch.tensor(float(group["lr"]), device=group["params"][0].device)
                if "capturable" in group:
                    group["capturable"] = True

    def _update(self, phase: str, loss: Tensor) -> None:
        optimizer = self.optimizers[phase]
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        average([*gradients, loss])
        if self._bad is None:
            self._bad = torch.zeros_like(loss)
        if self.scaler.is_enabled():
            self._bad += 0 * loss
            gradients[0] += self._bad  # NaN makes the scaler leave the update out
        self.scaler.unscale_(optimizer)
        norm = get_total_norm(gradients)
        if not self.scaler.is_enabled():
            self._bad += 0 * (loss + norm.to(loss))
        self._flags[phase] = self._bad.clone()
        if self.clip_gradients is not None:
            clip_grads_with_norm_(parameters, self.clip_gradients, norm)
        self._step(optimizer, self._bad)

    def _step(self, optimizer: Any, bad: Tensor) -> None:
        """Update unless ``bad`` is NaN; a fused optimizer decides that on its device, for others it is read here."""
        if self.scaler.is_enabled():
            self.scaler.step(optimizer)
            self.scaler.update()
        elif getattr(optimizer, "_step_supports_amp_scaling", False):
            optimizer.grad_scale, optimizer.found_inf = None, bad.isnan().float()
            optimizer.step()
            del optimizer.grad_scale, optimizer.found_inf
        elif not bad.isnan().item():
            optimizer.step()

    def set_rates(self, factor: float) -> None:
        """Set the learning rate of every group to its own initial one times ``factor``."""
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                rate = group["initial_lr"] * factor
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(rate)
                else:
                    group["lr"] = rate

    def rates(self) -> dict[str, float]:
        """Return the learning rates by network; a network that several phases update appears once for each of them."""
        groups = [(phase, group) for phase, optimizer in self.optimizers.items() for group in optimizer.param_groups]
        names = [group["name"] for _, group in groups]
        return {
            group["name"] if names.count(group["name"]) == 1 else f"{group['name']} in {phase}": float(group["lr"])
            for phase, group in groups
        }
