import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from i2ikit.errors import I2IKitError
from i2ikit.report import write_report
from i2ikit.report.page import distinct_names

BETTER = {"better": {"background.db": "higher"}}
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


def page_data(page: Path, part: str = "data") -> Any:
    text = page.read_text("utf-8")
    match = re.search(rf'<script type="application/json" id="{part}">(.*?)</script>', text, re.DOTALL)
    assert match is not None
    return json.loads(match[1])


def test_the_report_of_a_finished_run_shows_samples_curves_metrics_and_objective(finished: Any):
    page = write_report(finished.path)
    assert page == finished.path / "index.html"
    found = outline(page)
    text = " ".join(found.texts)
    assert [tag for tag in found.tags if tag == "section"] == ["section"] * 4
    for words in ("cyclegan_daisies", "1,000", "1 min 40 s", "reconstruction", "cycle_a", "23.46", "weight 10"):
        assert words in text
    assert found.tags.count("figure") == 3  # two losses, and one learning rate that both groups share
    assert "generators.ab, generators.ba" in text


def test_the_header_has_method_config_data_and_how_many_of_the_steps_are_done(run: Any):
    run.config({"data": {"train": {"type": "UnpairedFolders", "root": "photos/daisies"}}})
    run.log({"event": "start", "method": "cut", "config": "cut/maps", "steps": 2000}, run.scalars(5, gan=1.0))
    run.log({"event": "resume", "step": 5, "config": "runs/mine/config.py", "steps": 2000}, run.scalars(7, gan=1.0))
    text = " ".join(outline(write_report(run.path)).texts)
    for words in ("Method cut", "Config runs/mine/config.py", "Data photos/daisies", "Steps 7 of 2,000"):
        assert words in text


def test_metrics_are_explained_by_their_documentation_where_they_are_installed(finished: Any):
    page = write_report(finished.path).read_text("utf-8")
    sentence = "Mean over images of the PSNR between output and input where the mask is 0."
    assert re.search(rf"background\.db.*?<small>{re.escape(sentence)}</small>.*?<b>23\.46</b>", page)
    assert re.search(r"home_made\.x<small></small></th>.*?<b>1</b>", page)
    assert re.search(r"odd<small></small></th>.*?<b>2</b>", page)


def test_pain_3_best_and_last_of_each_metric_are_side_by_side_with_their_steps(run: Any):
    run.config()
    for step, value in ((100, 20.0), (200, 24.0), (300, 22.0)):
        run.log(
            {
                "event": "metrics",
                "step": step,
                "metrics": {"background.db": value},
                "protocol": {"images": 96},
                **BETTER,
            }
        )
    found = outline(write_report(run.path))
    assert " ".join(" ".join(found.texts).split()).find("24 at 200 22 at 300") > 0
    assert "96" in found.texts
    assert page_data(run.path / "index.html")["curves"][0]["curves"]["0"]["raw"] == [20.0, 24.0, 22.0]


def test_several_runs_are_side_by_side_and_the_best_of_them_is_marked(run: Any):
    other = type(run)(run.path.parent / "other")
    for maker, value in ((run, 20.0), (other, 25.0)):
        maker.config({"metrics": {"background": {"type": "BackgroundPSNR"}}, "seed": value})
        maker.log(
            maker.scalars(50, gan=value),
            {"event": "metrics", "step": 50, "metrics": {"background.db": value}, **BETTER},
        )
        maker.measured({"testA/0.png": value})
    page = write_report([run.path, other.path], run.path.parent / "both.html")
    text = page.read_text("utf-8")
    data = page_data(page)
    assert data["runs"] == ["cyclegan_daisies", "other"]
    assert sorted(data["curves"][0]["curves"]) == ["0", "1"]
    assert len(data["items"]) == 1
    assert re.findall(r'<b class="winner">(.*?)</b>', text) == ["25", "25"]  # of the best values and of the last
    assert "<code>seed</code>" in text
    assert outline(page)


def test_runs_of_one_name_are_told_apart_by_the_folders_above(tmp_path: Path):
    assert distinct_names([tmp_path / "x" / "run", tmp_path / "y" / "run"]) == ["x/run", "y/run"]
    assert distinct_names([tmp_path / "x" / "run"]) == ["run"]


def test_the_page_needs_no_network(finished: Any):
    finished.measured({"testA/0.png": 20.0})
    found = outline(write_report(finished.path))
    assert not [value for name, value in found.attributes if name in ("src", "href", "srcset", "data", "action")]
    page = (finished.path / "index.html").read_text("utf-8")
    assert not re.search(r"https?:|@import|\bfetch\(|XMLHttpRequest", page)
    assert "default-src 'none'; img-src data:;" in page
    assert all(image.startswith("/9j/") for image in page_data(finished.path / "index.html", "images"))


def test_a_linked_page_has_addresses_instead_of_images(finished: Any):
    finished.measured({"testA/0.png": 20.0})
    images = page_data(write_report(finished.path, linked=True), "images")
    assert {"./samples/step_001000/00000_output.png", "./samples/step_000500/00001_output.png"} <= {*images}
    assert not any(image.startswith("/9j/") for image in images)


def test_names_with_html_in_them_are_shown_as_text(run: Any):
    evil = '</script><script>alert(1)</script><b onclick="x">&\''
    terms = {evil: {"type": evil, "weight": 1}}
    run.config({"model": {"generators": {}, "phases": {evil: {"update": [evil], "terms": terms}}}}, text=evil)
    run.log({"event": "start", "device": evil, "plugins": {evil: {"version": evil}}})
    run.log(run.scalars(1, **{evil: 1.0}), {"event": "metrics", "step": 1, "metrics": {evil: 1.0}})
    run.measured({evil: 1.0})
    found = outline(write_report(run.path))
    assert found.tags.count("script") == 3
    assert not any(name == "onclick" for name, _ in found.attributes)
    assert sum(evil in text for text in found.texts) >= 5


def test_the_report_of_an_empty_work_directory_names_what_is_missing(run: Any):
    text = " ".join(outline(write_report(run.path)).texts)
    for words in ("No samples yet", "Nothing has been logged yet", "This folder has no config"):
        assert words in text


def test_a_report_can_be_written_while_the_run_writes_its_log(run: Any):
    run.log(run.scalars(50, gan=1.0), '{"step": 100, "los')
    assert page_data(write_report(run.path))["curves"][0]["curves"]["0"]["steps"] == [50]


def test_losses_that_are_not_finite_are_counted_and_leave_a_gap(run: Any):
    run.log(
        run.scalars(1, gan=1.0), run.scalars(2, gan=None), run.scalars(3, gan=float("nan")), run.scalars(4, gan=2.0)
    )
    page = write_report(run.path)
    assert page_data(page)["curves"][0]["curves"]["0"]["raw"] == [1.0, None, None, 2.0]
    assert "2 values are not finite" in " ".join(outline(page).texts)


def test_a_loss_that_is_never_finite_is_still_listed(run: Any):
    run.log(run.scalars(1, gan=None))
    assert "no finite value" in " ".join(outline(write_report(run.path)).texts)


def test_an_old_page_is_replaced_and_no_other_file_appears(run: Any):
    (run.path / "index.html").write_text("old")
    write_report(run.path)
    assert [path.name for path in run.path.iterdir()] == ["index.html"]
    assert "old" not in (run.path / "index.html").read_text()[:20]


def test_a_missing_work_directory_is_named(tmp_path: Path):
    with pytest.raises(I2IKitError, match=r"cannot write the report \S+nowhere/index\.html: it does not exist"):
        write_report(tmp_path / "nowhere")
