from i2ikit.report.settings import ObjectiveTerm, differences, format_call, read_objective


def test_terms_come_phase_by_phase_with_their_weights_apart():
    term = {"type": "PixelTerm", "image": "ab(b)", "weight": {"type": "Switch", "until": 200}}
    config = {"model": {"phases": {"generate": {"update": ["generators", "heads"], "terms": {"identity": term}}}}}
    (phase,) = read_objective(config)
    assert (phase.name, phase.updates) == ("generate", "generators, heads")
    assert phase.terms == [ObjectiveTerm("identity", "PixelTerm", "PixelTerm(image='ab(b)')", "Switch(until=200)")]


def test_a_term_without_a_weight_has_weight_1():
    config = {"model": {"phases": {"generate": {"terms": {"gan": {"type": "AdversarialTerm"}}}}}}
    (phase,) = read_objective(config)
    assert (phase.updates, phase.terms[0].weight) == ("", "1")


def test_anything_else_than_an_objective_has_no_terms():
    assert read_objective({}) == []
    assert read_objective({"model": {"phases": {"x": 3, "y": {"terms": {"z": "text"}}}}}) == []


def test_config_data_is_formatted_as_calls():
    value = {"type": "PatchTerm", "taps": [["stem", "up2"]], "loss": {"type": "CosineLoss"}, "more": {"a": 0.5}}
    assert format_call(value) == "PatchTerm(taps=[['stem', 'up2']], loss=CosineLoss, more=dict(a=0.5))"


def test_settings_that_differ_are_listed_by_key_without_the_objective():
    one = {"seed": 1, "model": {"phases": {"x": 1}, "heads": {}}, "data": {"size": 64}}
    other = {"seed": 1, "model": {"phases": {"x": 2}, "heads": {"f": "MLP"}}, "data": {"size": 32}}
    found = differences([one, other])
    assert found == {"model.heads": ["{}", "–"], "data.size": ["64", "32"], "model.heads.f": ["–", "MLP"]}
