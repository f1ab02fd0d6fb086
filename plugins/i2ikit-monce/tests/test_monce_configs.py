import pytest

from i2ikit.config import find_config, resolve_config


@pytest.mark.parametrize("data", ["horse2zebra", "stripes"])
def test_both_contrastive_terms_of_a_shipped_config_weight_their_negatives(data):
    config = resolve_config(find_config(f"monce/{data}"))
    assert config["plugins"] == ["i2ikit-monce"]
    terms = config["model"]["phases"]["generate"]["terms"]
    for name in ("content", "identity"):
        assert terms[name]["negatives"] == {"type": "HardTransportNegatives", "epsilon": 0.1}
