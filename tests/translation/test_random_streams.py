import torch

from i2ikit.translation import RandomStreams


def test_a_name_always_gives_the_same_stream():
    draws = RandomStreams(0, step=3)
    assert torch.equal(torch.rand(5, generator=draws.generator("x")), torch.rand(5, generator=draws.generator("x")))
    assert torch.equal(draws.permutation("x", 20, 7), RandomStreams(0, step=3).permutation("x", 20, 7))


def test_another_name_seed_or_step_gives_another_stream():
    streams = [RandomStreams(0, 1), RandomStreams(1, 1), RandomStreams(0, 2)]
    drawn = [tuple(draws.permutation(name, 100, 10).tolist()) for draws in streams for name in ("x", "y")]
    assert len(set(drawn)) == 6


def test_batches_of_one_step_share_their_places_and_each_image_has_its_own_noise():
    whole, second = RandomStreams(0, 1), RandomStreams(0, 1, first=2)
    assert torch.equal(whole.permutation("x", 20, 7), second.permutation("x", 20, 7))
    noise = whole.noise("z", 4, 3, 2)
    assert torch.equal(noise[2:], second.noise("z", 2, 3, 2))
    assert len(noise.unique()) == 24


def test_streams_do_not_depend_on_what_else_was_drawn():
    alone = RandomStreams(0, 1).permutation("x", 50, 50)
    draws = RandomStreams(0, 1)
    draws.permutation("y", 9, 9)
    torch.rand(3, generator=draws.generator("x"))
    assert torch.equal(draws.permutation("x", 50, 50), alone)


def test_nothing_is_taken_from_the_global_stream():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    RandomStreams(0, 1).permutation("x", 50, 50)
    assert torch.equal(torch.rand(3), expected)


def test_noise_is_standard_normal_and_belongs_to_its_name():
    noise = RandomStreams(0, 1).noise("z", 100, 100)
    assert noise.dtype == torch.float32
    assert abs(noise.mean().item()) < 0.05
    assert abs(noise.std().item() - 1) < 0.05
    assert torch.equal(noise, RandomStreams(0, 1).noise("z", 100, 100))
    assert not torch.equal(noise, RandomStreams(0, 1).noise("y", 100, 100))


def test_places_are_in_range_and_without_replacement():
    places = RandomStreams(0, 1).permutation("x", 20, 12)
    assert places.dtype == torch.int64
    assert len(set(places.tolist())) == 12
    assert set(places.tolist()) <= set(range(20))


def test_no_more_places_than_there_are():
    assert sorted(RandomStreams(0, 1).permutation("x", 4, 9).tolist()) == [0, 1, 2, 3]
