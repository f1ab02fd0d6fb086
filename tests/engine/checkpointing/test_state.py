from typing import Any

from mmengine.hooks import Hook

from i2ikit.engine.checkpointing.state import hook_states, restore_hooks


class Plain(Hook):
    """Has no state."""


class Counter(Hook):
    def __init__(self, count: int = 0, name: str = "") -> None:
        self.count = count
        if name:
            self.name = name

    def state_dict(self) -> dict[str, Any]:
        return {"count": self.count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.count = state["count"]


def test_hooks_go_by_their_name_or_class_and_those_without_a_state_are_left_out():
    states = hook_states([Plain(), Counter(1), Counter(2), Counter(3, "mine"), Counter(4)])
    assert states == {
        "Counter": {"count": 1}, "Counter#2": {"count": 2}, "mine": {"count": 3}, "Counter#3": {"count": 4},
    }  # fmt: skip


def test_each_hook_takes_its_own_state_back_and_unknown_ones_are_reported():
    hooks = [Counter(), Plain(), Counter(), Counter(name="new")]
    notes = restore_hooks(hooks, {"Counter": {"count": 5}, "Counter#2": {"count": 6}, "gone": {}})
    assert [hook.count for hook in hooks if isinstance(hook, Counter)] == [5, 6, 0]
    assert notes == [
        "The checkpoint has no state of the hook new: it starts without one.",
        "The checkpoint has a state of the hook gone, which the run no longer has.",
    ]
