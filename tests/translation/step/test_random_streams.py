"""Random numbers of a step come from named streams."""

from torch import Tensor

from i2ikit.interfaces import HeadUse, Negatives, Read
from i2ikit.samplers.random import RandomSampler
from i2ikit.schedules import Constant
from i2ikit.terms.patch import PatchTerm
from i2ikit.translation import RandomStreams, WeightedTerm

AB, F = "generators.ab", "heads.f"


def test_each_term_samples_its_own_positions_whatever_other_terms_sample(model, trainer, batch, patch):
    def content(image: str) -> PatchTerm:
        return patch(f"ab({image})", image, sampler=RandomSampler(5))

    alone = trainer(model({"g": ([AB, F], {"content": content("a")})})).step(batch)
    beside = trainer(model({"g": ([AB, F], {"other": content("a"), "content": content("a")})})).step(batch)
    assert beside["content"] == alone["content"]
    assert beside["other"] != beside["content"]


def test_terms_of_one_stream_sample_the_same_positions_and_others_do_not(model, trainer, batch, patch):
    def content(stream: str) -> WeightedTerm:
        return WeightedTerm(patch("ab(a)", "a", sampler=RandomSampler(5)), Constant(1.0), stream)

    terms = {"content": content(""), "same": content("content"), "other": content("else"), "own": content("")}
    values = trainer(model({"g": ([AB, F], terms)})).step(batch)
    assert values["same"] == values["content"]
    assert len({values[name].item() for name in ("content", "other", "own")}) == 3


def test_a_term_samples_noise_from_its_stream(model, trainer, batch, silent):
    def noise(stream: str) -> WeightedTerm:
        term = silent([Read("ab(a)")], lambda s: s.image("ab(a)").mean() * 0 + s.noise("z", 2, 3).sum())
        return WeightedTerm(term, Constant(1.0), stream)

    values = trainer(model({"g": ([AB], {"x": noise(""), "y": noise("x"), "z": noise("")})})).step(batch)
    assert values["x"] == values["y"] == RandomStreams(0, 1).noise("x/z", 2, 3).sum().double()
    assert values["z"] != values["x"]


class Sourced:
    """Negatives made by a head from the features of an image, whatever the query."""

    def reads(self) -> list[Read]:
        return [Read.taps_of("ab", "b", ["enc"])]

    def heads(self) -> list[HeadUse]:
        return [HeadUse("maker", "ab", ("enc",))]

    def __call__(self, step, query: Tensor, key: Tensor, layer: int) -> Negatives:
        feature = step.taps("ab", "b", ["enc"])["enc"]
        return Negatives(keys=step.head("maker")(feature.flatten(2)[..., :6].mT, layer))


def test_a_source_of_negatives_may_read_images_and_have_a_network_that_a_phase_of_negative_weight_trains(
    model, networks, trainer, batch, patch
):
    def content(weight: float) -> WeightedTerm:
        return WeightedTerm(patch("ab(a)", "a", taps=("enc",), negatives=Sourced()), Constant(weight))

    phases = {"against": (["heads.maker"], {"n": content(-1.0)}), "g": ([AB, F], {"content": content(1.0)})}
    built = model(phases, heads={"f": networks("head")(), "maker": networks("head")()})
    run = trainer(built)
    value = run.step(batch)["n"]
    assert run.reached == {"against": {"heads.maker"}, "g": {AB, F}}
    assert run.losses["against"] == -value


def test_a_step_with_the_same_streams_gives_the_same_values(model, trainer, batch, patch):
    phases = {"g": ([AB, F], {"content": patch("ab(a)", "a", sampler=RandomSampler(5))})}
    first, second = trainer(model(phases), rate=0.0), trainer(model(phases), rate=0.0)
    assert first.step(batch, 7) == second.step(batch, 7)
    assert first.step(batch, 7) != first.step(batch, 8)
