from typing import Any

from PIL import Image

from i2ikit.report.grids import Grid, cell, evenly_spaced, find_grids


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
    grid = Grid(run.path, 1, ("a", "ab(a)"), 1, (8, 6))
    assert cell(image, grid, 0, 0).getcolors() == [(48, (255, 0, 0))]
    assert cell(image, grid, 0, 1).getcolors() == [(48, (0, 0, 255))]


def test_names_of_rows_are_read_and_those_of_older_runs_are_empty(run: Any):
    run.grid(1, rows=1, names=[{"a": "testA/7.png"}])
    run.grid(2, rows=1)
    named, plain = find_grids(run.path / "samples")
    assert (named.name(0, "a"), named.name(0, "b"), plain.name(0, "a")) == ("testA/7.png", "", "")
