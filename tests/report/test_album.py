import base64
import io
from typing import Any

import pytest
from PIL import Image

from i2ikit.report.album import make_album
from i2ikit.report.page_images import PageImages
from i2ikit.report.record import read_record

NAMES = ["data/testA/0.png", "data/testA/1.png"]


def album(*makers: Any) -> Any:
    images = PageImages(makers[0].path / "index.html")
    return make_album([read_record(maker.path) for maker in makers], images), images


def another(run: Any, name: str) -> Any:
    return type(run)(run.path.parent / name)


def color(images: PageImages, number: int) -> str:
    pixel = Image.open(io.BytesIO(base64.b64decode(images.found[number]))).getpixel((4, 3))
    return max(zip(pixel, ("red", "green", "blue"), strict=True))[1]


def test_every_input_is_an_item_with_what_was_made_of_it_after_each_step(run: Any):
    run.config()
    for step in (100, 200):
        run.samples(step, names=NAMES)
    found, _ = album(run)
    assert [(item.domain, item.name) for item in found.items] == [("a", "testA/0.png"), ("a", "testA/1.png")]
    assert {word: [step for step, _ in frames] for word, frames in found.items[0].images[0].items()} == {
        "output": [100, 200],
        "reconstruction": [100, 200],
    }


def test_the_newest_values_and_the_truth_join_the_earlier_samples(run: Any):
    run.samples(500, names=NAMES, color="red")
    run.measured({"data/testA/0.png": 20.0, "data/testA/9.png": 30.0}, step=1000)
    found, images = album(run)
    assert [item.name for item in found.items] == ["testA/0.png", "testA/9.png", "testA/1.png"]
    first = found.items[0]
    assert [(step, color(images, number)) for step, number in first.images[0]["output"]] == [
        (500, "red"),
        (1000, "green"),
    ]
    assert color(images, first.truth) == "blue"
    assert first.values == [{"truth": 20.0}]
    assert found.measures == {"truth": {"label": "PSNR to the truth, dB", "better": "higher"}}


def test_runs_over_the_same_inputs_are_grouped(run: Any):
    other = another(run, "other")
    for maker, value in ((run, 20.0), (other, 25.0)):
        maker.measured({"/here/testA/0.png" if maker is run else "/there/testA/0.png": value})
    (item,) = album(run, other)[0].items
    assert item.values == [{"truth": 20.0}, {"truth": 25.0}]
    assert [list(images) for images in item.images] == [["output"], ["output"]]


def test_an_input_that_a_step_repeats_is_one_item_with_one_image(run: Any):
    run.samples(100, names=["testA/0.png", "testA/0.png"])
    (item,) = album(run)[0].items
    assert [step for step, _ in item.images[0]["output"]] == [100]


def test_equal_names_of_different_images_stay_apart(run: Any):
    other = another(run, "other")
    run.measured({"testA/0.png": 20.0}, inputs=(255, 255, 255))
    other.measured({"testA/0.png": 25.0}, inputs=(0, 0, 0))
    first, second = album(run, other)[0].items
    assert (first.values, second.values) == ([{"truth": 20.0}, {}], [{}, {"truth": 25.0}])


def test_images_that_are_damaged_are_left_out(run: Any):
    run.samples(1, names=NAMES)
    (run.samples(2, names=NAMES) / "00000_output.png").write_bytes(b"cut off")
    folder = run.measured({"testA/5.png": 1.0, "testA/6.png": 2.0})
    (folder / "00000_input.png").unlink()
    found, _ = album(run)
    assert [item.name for item in found.items] == ["testA/6.png", "testA/0.png", "testA/1.png"]
    frames = {name: [step for step, _ in frames] for name, frames in found.items[1].images[0].items()}
    assert frames == {"output": [1], "reconstruction": [1, 2]}


@pytest.mark.parametrize("text", ['{"step": 1, "ite', '{"items": 3, "step": 1}', "[]"])
def test_a_folder_whose_index_is_cut_off_or_something_else_is_left_out(run: Any, text: str):
    (run.measured({"testA/5.png": 1.0}) / "index.json").write_text(text)
    assert album(run)[0].items == []


def test_a_long_run_shows_at_most_24_steps_with_the_first_and_the_last(run: Any):
    for step in (*range(100, 6000, 100), 1000000):  # as names, 1000000 comes before 200
        run.samples(step, names=["testA/0.png"])
    frames = album(run)[0].items[0].images[0]["output"]
    assert (len(frames), frames[0][0], frames[-1][0]) == (24, 100, 1000000)
