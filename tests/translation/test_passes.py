import pytest

from i2ikit.interfaces import Read
from i2ikit.translation.expressions import Expression, parse, parse_inputs
from i2ikit.translation.passes import PassKey, PassPlan

AB, BA, D = "generators.ab", "generators.ba", "discriminators.b"


def plan(*phases: tuple[set[str], list[Read]], opaque: tuple[str, ...] = ()) -> PassPlan:
    reads = [reads for _, reads in phases]
    return PassPlan(reads, [frozenset(updates) for updates, _ in phases], ("ab", "ba"), opaque, inputs)


def inputs(network: str, text: str) -> tuple[Expression, ...]:
    return parse_inputs(text).arguments


def key(network: str, image: str) -> PassKey:
    return PassKey(network, inputs(network, image))


def logits(image: str, *, leaf: bool = False) -> Read:
    return Read.logits_of("b", image, leaf=leaf)


def test_an_image_needs_the_passes_inside_it():
    assert set(plan(({AB}, [Read("ba(ab(a))")])).demands) == {key(AB, "a"), key(BA, "ab(a)")}


def test_readers_of_one_pass_are_united():
    united = plan(({AB}, [Read("ab(a)"), Read.taps_of("ab", "a", ["enc"], grad=False), logits("ab(a)")]))
    assert set(united.demands) == {key(AB, "a"), key(D, "ab(a)")}
    assert list(united.demands[key(AB, "a")].taps) == ["out", "enc"]


def test_a_pass_is_made_with_the_graph_that_a_later_phase_needs():
    two = plan(({D}, [logits("ab(a)")]), ({AB}, [logits("ab(a)")]))
    assert two.graph(key(AB, "a"), 0) == {AB}
    assert two.graph(key(D, "ab(a)"), 0) == {D}  # it is updated in between, so the second phase makes it again
    assert two.graph(key(D, "ab(a)"), 1) == {AB}


def test_a_pass_that_is_updated_before_anybody_needs_its_graph_is_made_without():
    two = plan(({BA}, [Read("ba(ab(a))", grad=False), Read("ba(b)")]), ({AB}, [Read("ba(ab(a))")]))
    assert two.graph(key(BA, "ab(a)"), 0) == frozenset()
    assert two.graph(key(BA, "ab(a)"), 1) == {AB}


def test_nothing_flows_through_an_opaque_view():
    history = plan(({AB, D}, [logits("pool(ab(a))")]), opaque=("pool",))
    assert history.graph(key(D, "pool(ab(a))"), 0) == {D}
    assert history.upstream(parse("pool(ab(a))")) == frozenset()
    assert history.graph(key(AB, "a"), 0) == frozenset()  # nobody would use it


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        (Read("ab(a)"), Read("ab(b)"), True),
        (Read("ab(a)"), Read("ab(ba(b))"), False),  # one may need the other's output
        (Read("ab(a)"), Read.taps_of("ab", "b", ["enc"]), False),  # one ends earlier
        (Read.taps_of("ab", "a", ["enc"]), Read.taps_of("ab", "b", ["enc"]), True),
        (Read("ab(a)"), Read("ab(b)", grad=False), False),  # one has no graph
    ],
)
def test_passes_share_a_call_if_that_changes_nothing(first, second, together):
    both = plan(({AB, BA}, [first, second]))
    passes = [each for each in both.demands if each.network == AB]
    assert (len(both.joinable(passes[0], 0, {})) == 2) is together


def test_a_leaf_is_passed_alone():
    gradient = plan(({D}, [logits("ab(a)"), logits("b"), logits("b", leaf=True)]))
    assert gradient.joinable(key(D, "ab(a)"), 0, {}) == [key(D, "ab(a)")]
    assert gradient.joinable(key(D, "b"), 0, {}) == [key(D, "b")]
    assert gradient.is_leaf(key(D, "b"), 0)


def test_a_pass_made_early_is_a_leaf_only_if_the_phase_that_it_serves_wants_one():
    free = plan(({AB}, [Read.logits_of("b", "b", grad=False)]), ({D}, [logits("b", leaf=True)]))
    assert free.is_leaf(key(D, "b"), 0)
    taken = plan(({AB}, [logits("ab(a)")]), ({D}, [logits("ab(a)", leaf=True)]))
    assert not taken.is_leaf(key(D, "ab(a)"), 0)
    assert taken.is_leaf(key(D, "ab(a)"), 1)


def test_passes_of_a_phase_after_the_update_do_not_join_those_before():
    two = plan(({D}, [logits("ab(a)")]), ({AB}, [logits("ab(b)")]))
    assert two.joinable(key(D, "ab(a)"), 0, {}) == [key(D, "ab(a)")]
