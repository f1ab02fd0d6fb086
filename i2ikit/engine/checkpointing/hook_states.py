"""What hooks remember from step to step, for the checkpoint."""

from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.hooks import EMAHook, Hook


def hook_states(hooks: Iterable[Hook]) -> dict[str, Any]:
    """Return the states of all hooks that have one, by name.

    A hook has a state if it has ``state_dict()`` and ``load_state_dict(state)``, as torch's modules do; mmengine's own
    EMAHook, which has neither, has its averages. A hook goes by its attribute ``name``, else by the name of its class,
    the second of a class with ``#2`` after it.
    """
    states = {name: _state(hook) for name, hook in _named(hooks).items()}
    return {name: state for name, state in states.items() if state is not None}


def restore_hooks(hooks: Iterable[Hook], states: Mapping[str, Any]) -> list[str]:
    """Give hooks their states back.

    Returns:
        one sentence for each hook that begins anew, and for each state that no hook takes.
    """
    named, notes = _named(hooks), []
    for name, hook in named.items():
        if name in states:
            _load(hook, states[name])
        elif _state(hook) is not None:
            notes.append(f"The checkpoint has no state of the hook {name}: it begins anew.")
    return notes + [
        f"The checkpoint has a state of the hook {name}, which the run does not have any more."
        for name in states
        if name not in named
    ]


def _named(hooks: Iterable[Hook]) -> dict[str, Hook]:
    found: dict[str, Hook] = {}
    for hook in hooks:
        name = base = str(getattr(hook, "name", type(hook).__name__))
        count = 1
        while name in found:
            count += 1
            name = f"{base}#{count}"
        found[name] = hook
    return found


def _state(hook: Hook) -> Any:
    if isinstance(hook, EMAHook):
        return dict(hook.ema_model.state_dict())
    return hook.state_dict() if hasattr(hook, "state_dict") else None


def _load(hook: Hook, state: Any) -> None:
    if isinstance(hook, EMAHook):
        hook.ema_model.load_state_dict(state)
    else:
        hook.load_state_dict(state)
