from i2ikit.schedules import Constant, Until
from i2ikit.terms.pixel import PixelTerm
from i2ikit.translation import Phase, Progress, WeightedTerm


def at(epoch: int) -> Progress:
    return Progress(epoch=epoch, step=epoch, epochs=10, steps=10)


def term() -> PixelTerm:
    return PixelTerm("ab(b)", "b", loss=lambda image, target: (image - target).mean())


def test_a_term_is_active_while_its_weight_is_not_zero():
    always, early = term(), term()
    terms = {"always": WeightedTerm(always, Constant(-2.0)), "early": WeightedTerm(early, Until(3, 5.0))}
    phase = Phase("generate", ("generators.ab",), terms)
    assert phase.active(at(3)) == {"always": (always, -2.0), "early": (early, 5.0)}
    assert phase.active(at(4)) == {"always": (always, -2.0)}


def test_a_phase_may_have_nothing_to_do():
    assert Phase("x", (), {"x": WeightedTerm(term(), Constant(0.0))}).active(at(1)) == {}
