"""The page in Chromium, as a visitor uses it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser import needs_browser
from tests.demo.test_limits import bomb

pytestmark = [pytest.mark.slow, needs_browser]


@pytest.fixture
def page(browser: Browser, served: str) -> Iterator[Page]:
    """The page, loaded; fails at the end if a script of it failed, or if it asked for anything from elsewhere."""
    context = browser.new_context(viewport={"width": 1200, "height": 860})
    context.set_default_timeout(60_000)
    page, errors, elsewhere = context.new_page(), [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((served, "data:", "blob:")) else elsewhere.append(asked.url),
    )
    page.goto(served)
    page.get_by_text("Drop an image on the left").wait_for()
    yield page
    context.close()
    assert errors == []
    assert elsewhere == []


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def drop(page: Page, path: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(path)


def wait_for_translation(page: Page, words: str = "translated in") -> None:
    """Wait for the words, for both images, and for the line: it is at the left until the images have a size."""
    page.get_by_text(words).wait_for()
    page.wait_for_function(
        """() => {
            const images = [...document.querySelectorAll("#seen img")];
            const line = document.querySelector("#seen .inner")?.getBoundingClientRect();
            const box = images[0]?.getBoundingClientRect();
            return images.length == 2 && images.every((image) => image.complete && image.naturalWidth)
                && line && Math.abs(line.x - box.x - box.width / 2) < 4;
        }"""
    )


def shown(page: Page) -> list[str]:
    return [image.get_attribute("src") for image in page.locator("#seen img").all()]


def test_an_image_is_seen_before_and_after_and_can_be_downloaded(page: Page, photo: Path, tmp_path: Path):
    drop(page, photo)
    wait_for_translation(page, "120 × 90 pixels, translated in")
    assert page.locator("#seen img").evaluate_all("images => images.map(image => image.naturalWidth)") == [120, 120]
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "photo.png"
    download.value.save_as(tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as output, Image.open(photo) as before:
        assert output.size == (120, 90)
        assert not np.array_equal(np.asarray(output), np.asarray(before))


def test_the_line_between_before_and_after_follows_the_mouse(page: Page, photo: Path):
    drop(page, photo)
    wait_for_translation(page)
    before = page.locator("#seen .inner").bounding_box()
    page.mouse.move(before["x"] + before["width"] / 2, before["y"] + before["height"] / 2)
    page.mouse.down()
    page.mouse.move(before["x"] - 100, before["y"] + 10, steps=4)
    page.mouse.up()
    page.wait_for_function(
        "x => Math.abs(document.querySelector('#seen .inner').getBoundingClientRect().x - x) < 4", arg=before["x"] - 100
    )


def test_another_model_translates_the_same_image_again_and_has_its_own_examples(page: Page, photo: Path):
    drop(page, photo)
    wait_for_translation(page)
    first = shown(page)
    expect(page.locator(".gallery-item")).to_have_count(2)
    page.get_by_label("Model").click()
    page.get_by_role("option", name="horses: b to a").click()
    page.wait_for_function(
        "before => document.querySelectorAll('#seen img')[1].src != before",
        arg=page.evaluate("document.querySelectorAll('#seen img')[1].src"),
    )
    assert first[0] != first[1]
    expect(page.locator(".gallery-item")).to_have_count(1)


def test_an_example_is_translated_by_a_click(page: Page):
    page.locator(".gallery-item").nth(1).click()
    wait_for_translation(page, "32 × 24 pixels, translated in")


@pytest.mark.parametrize("kind", ["text", "renamed text", "bomb", "large file"])
def test_a_bad_upload_is_answered_and_the_page_lives(kind: str, page: Page, photo: Path, tmp_path: Path):
    path = tmp_path / ("in.txt" if kind == "text" else "in.png")
    if kind == "bomb":
        bomb(path)
    elif kind == "large file":
        with path.open("wb") as file:
            file.truncate(300 * 2**20)
    else:
        path.write_text("hello")
    messages: dict[str, Any] = {
        "text": "Invalid file type",
        "renamed text": "in.png is not an image in a known format",
        "bomb": "in.png is refused: Image size (3600000000 pixels)",
        "large file": "File(s) exceed the maximum allowed size of 1",
    }
    drop(page, path)
    page.get_by_test_id("toast-body").filter(has_text=messages[kind]).wait_for()
    page.reload()
    page.get_by_text("Drop an image on the left").wait_for()
    drop(page, photo)
    wait_for_translation(page)


def test_a_phone_needs_no_sideways_scrolling(page: Page, photo: Path):
    page.set_viewport_size({"width": 360, "height": 740})
    drop(page, photo)
    wait_for_translation(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
