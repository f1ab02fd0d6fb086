from i2ikit.report.objective import in_words, read_objective, updates


def test_terms_come_phase_by_phase_with_their_weights_apart():
    term = {"type": "PixelTerm", "image": "ab(b)", "weight": {"type": "Switch", "until": 200}}
    config = {"model": {"phases": {"generate": {"update": ["generators", "heads"], "terms": {"identity": term}}}}}
    (line,) = read_objective(config)
    assert (line.phase, line.name, line.kind) == ("generate", "identity", "PixelTerm")
    assert line.call == "PixelTerm(image='ab(b)')"
    assert line.weight == "Switch(until=200)"
    assert updates(config, "generate") == "generators, heads"


def test_a_term_without_a_weight_has_weight_1():
    config = {"model": {"phases": {"generate": {"terms": {"gan": {"type": "AdversarialTerm"}}}}}}
    (line,) = read_objective(config)
    assert (line.call, line.weight) == ("AdversarialTerm", "1")
    assert updates(config, "generate") == ""


def test_anything_else_than_an_objective_has_no_terms():
    assert list(read_objective({})) == []
    assert list(read_objective({"model": {"phases": {"x": 3, "y": {"terms": {"z": "text"}}}}})) == []


def test_config_data_reads_like_calls():
    value = {"type": "PatchTerm", "taps": [["stem", "up2"]], "loss": {"type": "CosineLoss"}, "more": {"a": 0.5}}
    assert in_words(value) == "PatchTerm(taps=[['stem', 'up2']], loss=CosineLoss, more=dict(a=0.5))"
