import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from i2ikit.errors import RunError
from i2ikit.report import write_report

VOID = {"meta", "input", "img", "line", "path", "circle", "br", "!doctype"}


class Outline(HTMLParser):
    """Collects tags, texts and attributes, and fails on tags that do not nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def outline(page: Path) -> Outline:
    found = Outline()
    found.feed(page.read_text("utf-8"))
    assert not found.open
    return found


def page_data(page: Path) -> Any:
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert match is not None
    return json.loads(match[1])


def test_the_page_of_a_finished_run_shows_samples_curves_metrics_and_objective(finished: Any):
    page = write_report(finished.path)
    assert page == finished.path / "index.html"
    found = outline(page)
    text = " ".join(found.texts)
    assert [tag for tag in found.tags if tag == "section"] == ["section"] * 4
    for words in ("cyclegan_daisies", "1,000", "1 min 40 s", "reconstruction", "cycle_a", "23.46", "weight 10"):
        assert words in text
    assert found.tags.count("figure") == 3  # two losses, and one learning rate that both groups share
    assert "generators.ab, generators.ba" in text


def test_metrics_are_explained_by_their_documentation_where_they_are_installed(finished: Any):
    page = write_report(finished.path).read_text("utf-8")
    sentence = "Mean over images of the PSNR between output and input where the mask is 0."
    assert re.search(rf'background\.db</th><td class="number">23\.46</td><td>{re.escape(sentence)}</td>', page)
    assert re.search(r'home_made\.x</th><td class="number">1</td><td></td>', page)
    assert re.search(r'odd</th><td class="number">2</td><td></td>', page)


def test_the_page_asks_no_network(finished: Any):
    found = outline(write_report(finished.path))
    addresses = [value for name, value in found.attributes if name in ("src", "href", "srcset", "data", "action")]
    assert addresses
    assert all(address.startswith("data:image/jpeg;base64,") for address in addresses)
    page = (finished.path / "index.html").read_text("utf-8")
    assert not re.search(r"https?:|//\w+\.|@import|\bfetch\(|XMLHttpRequest", page)
    assert "default-src 'none'" in page


def test_names_with_html_in_them_are_shown_as_text(run: Any):
    evil = '</script><script>alert(1)</script><b onclick="x">&\''
    terms = {evil: {"type": evil, "weight": 1}}
    run.config({"model": {"generators": {}, "phases": {evil: {"update": [evil], "terms": terms}}}}, text=evil)
    run.log({"event": "start", "device": evil, "plugins": {evil: {"version": evil}}})
    run.log(run.scalars(1, **{evil: 1.0}), {"event": "metrics", "step": 1, "metrics": {evil: 1.0}})
    run.grid(1, columns=[evil, "ab(a)"])
    found = outline(write_report(run.path))
    assert found.tags.count("script") == 2
    assert not any(name == "onclick" for name, _ in found.attributes)
    assert sum(evil in text for text in found.texts) >= 5


def test_a_work_directory_with_nothing_in_it_says_what_is_missing(run: Any):
    text = " ".join(outline(write_report(run.path)).texts)
    for words in ("No samples yet", "Nothing was logged yet", "This folder has no config"):
        assert words in text


def test_a_page_can_be_written_while_the_log_is(run: Any):
    run.log(run.scalars(50, gan=1.0), '{"step": 100, "los')
    assert page_data(write_report(run.path))["curves"][0]["steps"] == [50]


def test_losses_that_are_not_finite_are_counted_and_leave_a_gap(run: Any):
    run.log(
        run.scalars(1, gan=1.0), run.scalars(2, gan=None), run.scalars(3, gan=float("nan")), run.scalars(4, gan=2.0)
    )
    page = write_report(run.path)
    assert page_data(page)["curves"][0]["raw"] == [1.0, None, None, 2.0]
    assert "2 values are not finite" in " ".join(outline(page).texts)


def test_a_loss_that_is_never_finite_is_still_listed(run: Any):
    run.log(run.scalars(1, gan=None))
    assert "no finite value" in " ".join(outline(write_report(run.path)).texts)


def test_one_grid_needs_no_slider(run: Any):
    run.grid(100)
    found = outline(write_report(run.path))
    assert "input" not in found.tags
    assert [value for name, value in found.attributes if name == "class" and value == "strip"] == ["strip"] * 2


def test_long_runs_show_at_most_24_grids_with_first_and_last(run: Any):
    for step in range(100, 6100, 100):
        run.grid(step)
    steps = [frame["step"] for frame in page_data(write_report(run.path))["frames"]]
    assert len(steps) == 24
    assert (steps[0], steps[-1]) == (100, 6000)


def test_the_last_picture_stands_in_the_page_once(finished: Any):
    frames = page_data(write_report(finished.path))["frames"]
    assert frames[0]["picture"].startswith("url(data:image/jpeg;base64,")
    assert frames[1]["picture"] == ""


def test_every_sample_has_an_image_and_a_caption_for_each_column(finished: Any):
    found = outline(write_report(finished.path))
    classes = [value for name, value in found.attributes if name == "class"]
    assert (classes.count("strip"), classes.count("image"), classes.count("caption")) == (2, 6, 6)
    assert ("aria-label", "sample 1: input, output, reconstruction. Enlarge") in found.attributes


def test_an_old_page_is_replaced_and_no_other_file_appears(run: Any):
    (run.path / "index.html").write_text("old")
    write_report(run.path)
    assert [path.name for path in run.path.iterdir()] == ["index.html"]
    assert "old" not in (run.path / "index.html").read_text()[:20]


def test_a_missing_work_directory_is_named(tmp_path: Path):
    with pytest.raises(RunError, match=r"cannot write the report .*nowhere"):
        write_report(tmp_path / "nowhere")
