"""The HTML report in a browser: by mouse, by keys, on a phone, in dark colors, with 2,000 images."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from i2ikit.report import write_report
from tests.browser import needs_browser

EVIL = 'x/<img src=x onerror="document.title=1">&.png'

pytestmark = [pytest.mark.slow, needs_browser]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Any]:
    """Opens a page from disk; fails at the end if its scripts reported errors. ``clock``: its timers stand still."""
    contexts, errors = [], []

    def open_page(path: Path, width: int = 1200, height: int = 900, clock: bool = False, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        if clock:
            page.clock.install(time=0)
            page.clock.pause_at(1000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def two_runs(run: Any) -> Path:
    """The report of two runs over three samples with three steps each, and six test images."""
    other = type(run)(run.path.parent / "other")
    names = [EVIL, "testA/1.png", "testA/2.png"]
    for maker, start in ((run, 20.0), (other, 30.0)):
        maker.config()
        maker.log(*(maker.scalars(step, gan_ab=1 / step) for step in range(10, 310, 10)))
        for step in (100, 200, 300):
            if step < 300:
                maker.samples(step, names=names, color=(step // 2, 90, 90), inputs=(150, 90, 90))
            metrics = {"background.db": start + step / 100}
            maker.log({"event": "metrics", "step": step, "metrics": metrics})
        values = {name: start + index for index, name in enumerate(names)}
        maker.measured(
            values | {f"testA/{index}.png": start - index for index in range(3, 6)}, step=300, inputs=(150, 90, 90)
        )
    return write_report([run.path, other.path], run.path.parent / "page.html")


def line(page: Page) -> float:
    return float(page.locator("#divider").get_attribute("aria-valuenow") or "nan")


def shows(page: Page, side: str) -> str:
    return page.locator(f"#{side}-image").get_attribute("src") or ""


def test_the_line_follows_the_mouse(open_page: Any, two_runs: Path):
    page = open_page(two_runs)
    box = page.locator("#stage").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.2, middle, steps=4)
    page.mouse.up()
    assert line(page) == 20
    page.mouse.move(box["x"] + box["width"] * 0.9, middle)
    assert line(page) == 20  # the button is up
    clip = page.locator("#left-layer").evaluate("layer => getComputedStyle(layer).clipPath")
    assert "80%" in clip  # of the left image, cut away from the right


def test_the_line_follows_the_keys_and_its_focus_is_seen(open_page: Any, two_runs: Path):
    page = open_page(two_runs)
    slider = page.get_by_role("slider", name="visible part of the left image")
    slider.focus()
    for key, expected in (("ArrowRight", 52), ("ArrowLeft", 50), ("End", 100), ("ArrowRight", 100), ("Home", 0)):
        page.keyboard.press(key)
        assert line(page) == expected
    assert slider.get_attribute("aria-valuetext") == "0 percent input, 100 percent cyclegan_daisies"
    assert page.locator(".grip").evaluate("grip => getComputedStyle(grip).outlineWidth") == "3px"


def test_keys_zoom_and_pan_and_show_the_next_image(open_page: Any, two_runs: Path):
    page = open_page(two_runs)
    page.locator("#divider").focus()
    page.keyboard.press("+")
    assert page.locator("#scale").inner_text() == "150 %"
    before = page.locator("#left-image").evaluate("image => image.style.transform")
    page.keyboard.press("Shift+ArrowRight")
    after = page.locator("#left-image").evaluate("image => image.style.transform")
    assert before != after == page.locator("#right-image").evaluate("image => image.style.transform")
    page.keyboard.press("0")
    assert page.locator("#scale").inner_text() == "100 %"
    page.keyboard.press("PageDown")
    assert page.locator("#name").inner_text() == "testA/1.png"


def test_any_image_can_be_on_either_side(open_page: Any, two_runs: Path):
    page = open_page(two_runs)
    assert page.locator("#right option").all_inner_texts() == [
        "input",
        *(f"{name}{word}" for name in ("cyclegan_daisies", "other") for word in ("", ", reconstruction")),
        "truth",
    ]
    page.locator("#right").select_option("truth")
    truth = shows(page, "right")
    page.locator("#swap").click()
    assert (shows(page, "left"), page.locator("#left-tag").inner_text()) == (truth, "truth")


def test_the_scrubber_goes_back_in_time_in_viewer_sheet_and_curves(open_page: Any, two_runs: Path):
    page = open_page(two_runs)
    now = shows(page, "right")
    page.locator("#time").focus()
    page.keyboard.press("Home")
    assert page.locator("#step").inner_text() == "step 100"
    assert shows(page, "right") != now
    sheet = page.locator("#sheet button").nth(1).locator("img")
    assert sheet.get_attribute("src") == shows(page, "right")
    assert page.locator(".curve").first.locator("text.at").text_content() == "100"


def test_play_runs_to_the_last_step_and_stops(open_page: Any, two_runs: Path):
    page = open_page(two_runs, clock=True)
    page.locator("#play").click()
    steps = [page.locator("#step").inner_text()]
    while page.locator("#play").inner_text() == "Pause":
        page.clock.run_for(450)
        steps.append(page.locator("#step").inner_text())
    assert steps == ["step 100", "step 200", "step 300", "step 300"]


def test_a_curve_shows_its_values_at_the_pointer(open_page: Any, two_runs: Path):
    page = open_page(two_runs)
    figure = page.locator(".curve").first
    assert figure.locator("output").all_inner_texts() == ["23", "33"]
    plot = figure.locator("svg.plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.45, box["y"] + box["height"] / 2)  # step 107 of 300
    assert figure.locator("output").all_inner_texts() == ["21", "31"]
    assert figure.locator("text.at").text_content() == "100"
    plot.focus()
    page.keyboard.press("End")
    assert figure.locator("output").all_inner_texts() == ["23", "33"]


def lines(page: Page, kind: str = "smooth", plot: int = 0) -> list[str]:
    return [path.get_attribute("d") for path in page.locator(".curve").nth(plot).locator(f"path.{kind}").all()]


def test_points_are_where_their_steps_and_values_are(open_page: Any, run: Any):
    other = type(run)(run.path.parent / "other")
    run.log(run.scalars(0, gan=0.0), run.scalars(100, gan=1.0))
    other.log(other.scalars(0, gan=1.0), other.scalars(50, gan=1.0))
    page = open_page(write_report([run.path, other.path]))
    # 340 by 170 with margins 46 left, 8 right, 8 above, 22 below; the range is 1/25 larger on either side: 140 / 27
    assert lines(page) == ["M46 142.8L332 13.2", "M46 13.2L189 13.2"]
    figure = page.locator(".curve").first
    assert figure.locator("text.tick:not(.end):not(.at)").all_text_contents() == ["0", "0.5", "1"]
    assert figure.locator("circle").count() == 2


def test_a_line_has_gaps_an_outlier_does_not_flatten_it_and_a_level_one_is_in_the_middle(open_page: Any, run: Any):
    values = [1000.0, *(float(step % 2) for step in range(1, 100))]
    run.log(*(run.scalars(step, level=4.0, spiky=value) for step, value in enumerate(values)))
    for step, value in enumerate((1.0, 2.0, None, 3.0, None, 4.0)):
        run.log({"event": "metrics", "step": step, "metrics": {"gaps": value}})
    page = open_page(write_report(run.path))
    assert re.fullmatch(r"M\S+ \S+L\S+ \S+M\S+ \S+h.1M\S+ \S+h.1", lines(page, "raw")[0])
    assert page.locator("figure", has_text="level").locator("text.tick").first.text_content() == "2"
    assert page.locator("figure", has_text="level").locator("path.raw").get_attribute("d").startswith("M46 78L")
    ticks = page.locator("figure", has_text="spiky").locator("text.tick:not(.end):not(.at)").all_text_contents()
    assert ticks == ["0", "0.5", "1"]


def test_best_and_worst_are_sorted_by_the_measure_and_open_in_the_viewer(open_page: Any, two_runs: Path):
    page = open_page(two_runs)
    values = [float(text) for text in page.locator("#best b").all_inner_texts()]
    assert values == [22.0, 21.0, 20.0]
    assert [float(text) for text in page.locator("#worst b").all_inner_texts()] == [15.0, 16.0, 17.0]
    page.locator("#run").select_option("1")
    page.locator("#worst button").first.click()
    assert page.locator("#name").inner_text() == "testA/5.png"
    assert page.locator("#right-tag").inner_text() == "other"
    assert page.locator("#values td.number").all_inner_texts() == ["15", "25"]


def test_names_with_html_in_them_are_shown_as_text(open_page: Any, two_runs: Path):
    page = open_page(two_runs)
    assert page.locator("#name").inner_text() == EVIL
    assert page.locator("#all .of").first.inner_text() == EVIL
    assert page.title() == "cyclegan_daisies · other"
    page.locator("#filter").fill("onerror")
    assert page.locator("#all li").count() == 1


def test_a_phone_needs_no_sideways_scrolling_and_a_finger_drags_the_line(open_page: Any, two_runs: Path):
    page = open_page(two_runs, 360, 740, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    box = page.locator("#stage").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    assert line(page) == 75


def test_dark_and_light_follow_the_system_until_the_user_chooses(open_page: Any, two_runs: Path):
    def background(page: Page) -> int:
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in color.removeprefix("rgb(").removesuffix(")").split(","))

    light, dark = (open_page(two_runs, color_scheme=scheme) for scheme in ("light", "dark"))
    assert background(light) > 700 > 100 > background(dark)
    button = dark.get_by_role("button", name="dark colors")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert background(dark) > 700
    assert button.get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize("linked", [False, True])
def test_two_thousand_images_do_not_stall_the_page(open_page: Any, run: Any, linked: bool):
    run.config()
    folder = run.measured({"testA/0000.png": 0.0})
    about = json.loads((folder / "index.json").read_text())
    noise = Image.effect_noise((48, 48), 80)
    for index in range(10):
        noise.rotate(index).convert("RGB").save(folder / f"{index:05d}_output.png")
    about["items"] = [
        {
            "domain": "a",
            "name": f"testA/{i:04d}.png",
            "images": {"input": "00000_input.png", "output": f"{i % 10:05d}_output.png"},
            "values": {"truth": i},
        }
        for i in range(2000)
    ]
    (folder / "index.json").write_text(json.dumps(about))
    page = open_page(write_report(run.path, linked=linked))
    assert page.locator("#count").inner_text() == "2,000"
    first = page.locator("#all li").count()
    assert first < 200  # the others come while scrolling
    page.locator("#box").evaluate("box => box.scrollTo(0, box.scrollHeight)")
    page.locator("#all li").nth(first).wait_for()
    assert page.locator("#all img").last.evaluate("image => image.decode().then(() => image.naturalWidth)") == 48
    page.locator("#order").select_option("2")
    assert page.locator("#all b").first.inner_text() == "0"
