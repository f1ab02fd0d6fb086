"""Key paths as they are written."""

from i2ikit.config.key_paths import split


def test_indices_can_be_written_with_brackets():
    assert split("model.taps[0].name") == split("model.taps.0.name") == ("model", "taps", "0", "name")


def test_a_group_of_one_network_is_one_key():
    phase = ("model", "phases", "g", "groups")
    assert split("model.phases.g.groups.heads.f.lr") == (*phase, "heads.f", "lr")
    assert split("model.phases.g.groups.heads.lr") == (*phase, "heads", "lr")
    assert split("model.phases.g.groups.heads.betas.0") == (*phase, "heads", "betas", "0")
