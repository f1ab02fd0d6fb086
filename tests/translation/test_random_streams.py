import torch

from i2ikit.translation import RandomStreams


def test_a_name_always_gives_the_same_stream():
    stream = RandomStreams(0, step=3)
    assert torch.equal(torch.rand(5, generator=stream.generator("x")), torch.rand(5, generator=stream.generator("x")))
    assert torch.equal(stream.permutation("x", 20, 7), RandomStreams(0, step=3).permutation("x", 20, 7))


def test_another_name_seed_or_step_gives_another_stream():
    streams = [RandomStreams(0, 1), RandomStreams(1, 1), RandomStreams(0, 2)]
    samples = [tuple(stream.permutation(name, 100, 10).tolist()) for stream in streams for name in ("x", "y")]
    assert len(set(samples)) == 6


def test_batches_of_one_step_share_positions_and_each_image_has_its_own_noise():
    all_images, second = RandomStreams(0, 1), RandomStreams(0, 1, first=2)
    assert torch.equal(all_images.permutation("x", 20, 7), second.permutation("x", 20, 7))
    noise = all_images.noise("z", 4, 3, 2)
    assert torch.equal(noise[2:], second.noise("z", 2, 3, 2))
    assert len(noise.unique()) == 24


def test_streams_do_not_depend_on_each_other():
    alone = RandomStreams(0, 1).permutation("x", 50, 50)
    stream = RandomStreams(0, 1)
    stream.permutation("y", 9, 9)
    torch.rand(3, generator=stream.generator("x"))
    assert torch.equal(stream.permutation("x", 50, 50), alone)


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


def test_positions_are_in_range_and_without_replacement():
    positions = RandomStreams(0, 1).permutation("x", 20, 12)
    assert positions.dtype == torch.int64
    assert len(set(positions.tolist())) == 12
    assert set(positions.tolist()) <= set(range(20))


def test_every_position_of_a_large_map_is_equally_likely_at_every_index():
    """A chi-square test of 200 positions; 5 sigma above the mean is 199 + 5 * sqrt(398) = 299."""
    drawn = torch.stack([RandomStreams(seed, 1).permutation("x", 200, 4) for seed in range(4000)])
    for index in range(4):
        counts = torch.bincount(drawn[:, index], minlength=200).double()
        assert ((counts - 20) ** 2 / 20).sum() < 299
    assert all(len(set(row.tolist())) == 4 for row in drawn)


def test_a_few_positions_of_a_huge_map_need_no_memory_for_all_of_them():
    positions = RandomStreams(0, 1).permutation("x", 2**50, 1000)
    assert len(positions.unique()) == 1000
    assert positions.max() > 2**49


def test_no_more_positions_than_there_are():
    assert sorted(RandomStreams(0, 1).permutation("x", 4, 9).tolist()) == [0, 1, 2, 3]


def test_no_positions_are_integers_too():
    found = RandomStreams(0, 1).permutation("x", 100, 0)
    assert found.dtype == torch.int64
    assert found.shape == (0,)
