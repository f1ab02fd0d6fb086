"""What a checkpoint says of the plugins that its config needs."""

import pytest

from i2ikit.engine.environment import plugins
from i2ikit.plugin import PluginInfo, get_manager
from i2ikit.registry import LOSSES


@pytest.fixture
def toys(monkeypatch) -> None:
    """Two plugins that work, one of which has a loss, and a broken one."""
    LOSSES.names()
    loss = type("ToyLoss", (), {"__module__": "toys_parts"})
    monkeypatch.setitem(LOSSES.module_dict, "ToyLoss", loss)
    found = [
        PluginInfo("toys", "i2ikit-toys", "0.2", modules=["toys_parts"]),
        PluginInfo("more", "i2ikit-more", "1"),
        PluginInfo("bad", "i2ikit-bad", "1", error="x"),
    ]
    monkeypatch.setattr(get_manager(), "plugins", [get_manager().plugins[0], *found])


@pytest.mark.usefixtures("toys")
def test_plugins_are_recorded_whose_parts_the_config_names():
    config = {"model": {"terms": [{"type": "PixelTerm", "loss": {"type": "ToyLoss"}}]}}
    assert plugins(config) == {"toys": {"package": "i2ikit-toys", "version": "0.2"}}
    assert plugins({"model": {"type": "L1Loss", "loss": 3}}) == {}


@pytest.mark.usefixtures("toys")
def test_all_that_work_belong_to_the_environment():
    assert set(plugins()) == {"toys", "more"}
