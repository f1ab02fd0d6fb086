import pytest

from i2ikit.config import find_config, resolve_config
from i2ikit.config.trial import build_trial_model


@pytest.mark.parametrize("data", ["horse2zebra", "stripes"])
def test_all_terms_of_a_shipped_config_sample_the_same_positions(data):
    config = resolve_config(find_config(f"hneg/{data}"))
    assert config["plugins"] == ["i2ikit-hneg"]
    model, _ = build_trial_model(config)
    terms = model.phases["generate"].terms
    sharing = {name for name, weighted in terms.items() if weighted.stream == "content"}
    assert sharing == {"content", "identity", "relations"}
    assert type(terms["content"].term.negatives).__name__ == "RelatedNegatives"
