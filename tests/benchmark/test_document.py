import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from i2ikit.benchmark import summary
from i2ikit.benchmark.document import agreement, conditions, describe, examples, fill, markdown
from i2ikit.benchmark.folder import Run
from i2ikit.benchmark.plan import BenchmarkError, Plan
from i2ikit.benchmark.summary import summarize
from i2ikit.benchmark.tables import Row, Table

PAGE = "before\n<!-- begin x -->\nold\n<!-- end x -->\nafter\n"


def test_a_block_of_a_page_is_replaced_and_the_rest_stays():
    assert fill(PAGE, "x", r"new \1") == "before\n<!-- begin x -->\nnew \\1\n<!-- end x -->\nafter\n"


def test_a_block_that_the_page_lacks_is_named_with_the_nearest():
    with pytest.raises(BenchmarkError, match=r"no block '<!-- begin xx -->'. Nearest: 'x'"):
        fill(PAGE, "xx", "")


def test_a_table_in_markdown_has_the_best_figures_bold():
    table = Table("Speed", "Lead.", ["method", "s|step"], [Row(["one", "1"], {1}), Row(["two", "2"])])
    assert markdown(table).splitlines() == [
        "**Speed.** Lead.",
        "",
        "| method | s\\|step |",
        "| --- | ---: |",
        "| one | **1** |",
        "| two | 2 |",
    ]


def test_the_budget_the_seeds_and_the_machine_are_told(plan: Plan, finished: list[Run], tmp_path: Path, monkeypatch):
    monkeypatch.setattr(summary, "cost", lambda config: {"parameters": 1, "gmacs": 1})
    start = {"event": "start", "device": "cpu", "threads": 2, "versions": {"torch": "2.9"}}
    with (finished[0].work_dir / "log.jsonl").open("a") as log:
        log.write(json.dumps(start) + "\n")
    results = summarize(plan, tmp_path)
    assert conditions(results, finished) == (
        "Budget: 10 steps of training for each run; seeds 0, 1; 17 s of training in all. "
        "Machine: device cpu, torch 2.9, 2 threads."
    )
    text = describe(results, finished, "stripes", "images/x")
    assert "| two | 25 ± 1.4 |" not in text
    assert "**26 ± 1.4**" in text
    assert "](images/x/stripes_quality_over_time.png)" in text


def test_agreement_is_a_table_of_signed_correlations():
    results: dict[str, Any] = {
        "agreement": {"swd": {"psnr": 0.5, "ssim": None}, "kid": {"psnr": -1.0, "ssim": 0.25}},
        "runs": [{"evaluations": [1, 2]}, {"evaluations": [3]}],
    }
    assert agreement(results).splitlines()[2:] == [
        "| metric | psnr | ssim |",
        "| --- | ---: | ---: |",
        "| swd | +0.50 | – |",
        "| kid | -1.00 | +0.25 |",
    ]
    assert "over 3 measurements" in agreement(results)
    assert agreement({"agreement": {}, "runs": []}) == ""


def test_examples_show_each_method_on_the_same_inputs_and_the_truth(finished: list[Run]):
    for run, color in zip(finished[:2], ("red", "blue"), strict=True):  # seed 0 of both methods
        folder = run.work_dir / "samples" / "gallery"
        folder.mkdir(parents=True)
        items = []
        for index in range(5):
            item = {"name": f"testA/{index}.png", "values": {}}
            for kind, shade in (("input", "gray"), ("output", color), ("truth", "lime")):
                item[kind] = f"{index}_{kind}.png"
                Image.new("RGB", (16, 16), shade).save(folder / item[kind])
            items.append(item)
        (folder / "gallery.json").write_text(json.dumps({"step": 10, "generator": "ab", "items": items}))
    image = examples(finished, rows=2)
    assert image is not None
    assert image.size == (4 * 132 - 4, 22 + 2 * 132 - 4)
    shades = [image.getpixel((column * 132 + 64, 22 + 132 + 64)) for column in range(4)]
    assert shades == [(128, 128, 128), (255, 0, 0), (0, 0, 255), (0, 255, 0)]


def test_runs_that_are_not_finished_have_no_examples(finished: list[Run]):
    assert examples(finished) is None
