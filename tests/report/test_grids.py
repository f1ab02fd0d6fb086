from typing import Any

import numpy as np
from PIL import Image

from i2ikit.report.grids import Grid, evenly_spaced, find_grids, make_frames, without_margins


def test_grids_come_in_the_order_of_their_steps(run: Any):
    for step in (1000000, 500, 2000):  # as names, 1000000 comes before 500
        run.grid(step)
    assert [grid.step for grid in find_grids(run.path / "samples")] == [500, 2000, 1000000]


def test_grids_laid_out_in_another_way_than_the_last_are_left_out(run: Any):
    run.grid(1, columns=["a", "ab(a)"])
    run.grid(2)
    run.grid(3, rows=5)
    run.grid(4)
    assert [grid.step for grid in find_grids(run.path / "samples")] == [2, 4]


def test_a_grid_without_its_description_is_left_out(run: Any):
    run.grid(1)
    run.grid(2).with_suffix(".json").unlink()
    run.grid(3).with_suffix(".json").write_text('{"step": 3}')
    assert [grid.step for grid in find_grids(run.path / "samples")] == [1]


def test_a_picture_that_is_cut_off_is_left_out(run: Any):
    run.grid(1)
    broken = run.grid(2)
    broken.write_bytes(broken.read_bytes()[:40])
    assert [frame.step for frame in make_frames(find_grids(run.path / "samples"))] == [1]


def test_a_missing_folder_has_no_grids(run: Any):
    assert find_grids(run.path / "samples") == []


def test_evenly_spaced_takes_first_and_last_and_equal_gaps(run: Any):
    grids = [Grid(run.path, step, ("a",), 1, (1, 1)) for step in range(10)]
    assert [grid.step for grid in evenly_spaced(grids, 4)] == [0, 3, 6, 9]
    assert evenly_spaced(grids, 10) == grids


def test_cells_are_found_between_margins(run: Any):
    image = Image.new("RGB", (2 * 8 + 3 * 2, 6 + 2 * 2), "white")  # two cells, margins of 2 all around
    image.paste("red", (2, 2, 10, 8))
    image.paste("blue", (12, 2, 20, 8))
    tight = without_margins(image, Grid(run.path, 1, ("a", "ab(a)"), 1, (8, 6)))
    assert tight.size == (16, 6)
    assert tight.getpixel((5, 3)) == (255, 0, 0)
    assert tight.getpixel((12, 3)) == (0, 0, 255)


def test_large_grids_are_made_small_enough_to_travel(run: Any):
    path = run.path / "large.png"
    Image.effect_noise((3000, 3000), 60).save(path)
    frames = make_frames([Grid(path, step, ("a", "ab(a)"), 2, (1500, 1500)) for step in (1, 2)])
    assert len(frames[0].picture) < 400_000
    assert len(frames[1].picture) < 2_500_000
    assert all(len(frame.thumbnail) < 10_000 for frame in frames)


def test_pure_noise_can_be_encoded(run: Any):
    path = run.path / "noise.png"
    noise = np.random.default_rng(0).integers(0, 256, (384, 512, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)  # as in the first steps of a run; optimised JPEGs of it overflow Pillow's buffer
    assert len(make_frames([Grid(path, 1, ("a", "ab(a)"), 3, (256, 128))])) == 1
