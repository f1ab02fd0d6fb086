"""One optimizer for each phase, with one named parameter group for each network that the phase updates."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn
from torch.optim import Optimizer

from i2ikit.config.overrides import optimizer_class
from i2ikit.errors import ConfigError
from i2ikit.translation import Phase


def build_optimizers(
    phases: Mapping[str, Phase], networks: Mapping[str, nn.Module], default: Mapping[str, Any]
) -> dict[str, Optimizer]:
    """Build the optimizers of all phases; the config they come from has been validated.

    Args:
        phases: of the model; ``phase.optimizer`` overrides single keys of ``default``, ``phase.groups`` those of the
            networks it names: ``"heads"`` for all heads, ``"heads.f"`` for one, which wins.
        networks: by full name.
        default: the config's ``optimizer``: ``dict(type="Adam", lr=2e-4, ...)``, any optimizer of torch or of mmengine.

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
    found = optimizer_class(kind)
    if found is None:
        raise ConfigError("the config", [f"{path}.optimizer.type: no optimizer is called {kind!r}."])
    groups = list(_groups(phase, networks))
    if not groups:
        raise ConfigError("the config", [f"{path}.update: none of {', '.join(phase.update)} has a parameter to update"])
    optimizer: Optimizer = found(groups, **config)
    for group in optimizer.param_groups:
        group["initial_lr"] = float(group["lr"])
    return optimizer


def _groups(phase: Phase, networks: Mapping[str, nn.Module]) -> Iterator[dict[str, Any]]:
    for network in phase.update:
        parameters = [parameter for parameter in networks[network].parameters() if parameter.requires_grad]
        if parameters:
            kind = network.partition(".")[0]
            options = {**phase.groups.get(kind, {}), **phase.groups.get(network, {})}
            yield {"params": parameters, "name": network, **options}


def rates(optimizers: Mapping[str, Optimizer]) -> dict[str, float]:
    """Return the learning rates by network; a network that several phases update appears once for each of them."""
    groups = [(phase, group) for phase, optimizer in optimizers.items() for group in optimizer.param_groups]
    names = [group["name"] for _, group in groups]
    return {
        group["name"] if names.count(group["name"]) == 1 else f"{group['name']} in {phase}": float(group["lr"])
        for phase, group in groups
    }
