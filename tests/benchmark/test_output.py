import csv
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from i2ikit.benchmark import results as results_module
from i2ikit.benchmark.output import as_markdown, write_results
from i2ikit.benchmark.plan import BenchmarkPlan
from i2ikit.benchmark.results import summarize
from i2ikit.benchmark.tables import Table, mean_and_spread, tables


@pytest.fixture
def results(plan: BenchmarkPlan, finished: Any, tmp_path: Path, monkeypatch) -> dict[str, Any]:
    monkeypatch.setattr(results_module, "cost", lambda config: {"parameters": 2_000_000, "gmacs": 1.5})
    return summarize(plan, tmp_path)


def cells(found: list[Table], title: str, head: str) -> list[tuple[str, bool]]:
    table = next(table for table in found if table.title == title)
    column = table.head.index(head)
    return [(row.cells[column], column in row.best) for row in table.rows]


def test_pain_3_best_and_last_over_seeds_are_in_separate_tables(results: dict[str, Any]):
    found = tables(results)
    assert cells(found, "Best quality", "background.db ↑") == [("21 ± 1.4 at 5", False), ("26 ± 1.4 at 10", True)]
    assert cells(found, "Quality at the end", "background.db ↑") == [("19 ± 1.4", False), ("26 ± 1.4", True)]


def test_the_cheapest_of_each_column_is_marked(results: dict[str, Any]):
    found = tables(results)
    assert cells(found, "Speed", "s/step") == [("0.1 (0.1–0.1)", True), ("0.2 (0.2–0.2)", False)]
    assert cells(found, "Speed", "images/s") == [("20", True), ("10", False)]
    assert cells(found, "Speed", "parameters M") == [("2", True), ("2", True)]
    assert cells(found, "Speed", "steps") == [("10", False), ("10", False)]


def test_the_time_to_quality_is_to_the_one_that_every_method_reaches(
    results: dict[str, Any], plan: BenchmarkPlan, tmp_path: Path
):
    assert results["metrics"]["background.db"]["target"] == 21.0  # the mean of the best of method one
    assert results["methods"][0]["metrics"]["background.db"]["reached"] == 1  # seed 0 had 20 at its best
    assert results["methods"][1]["metrics"]["background.db"]["seconds_to_target"]["mean"] == pytest.approx(2.8)
    other = summarize(plan, tmp_path, {"background.db": 26.0})
    assert cells(tables(other), "Time to quality", "background.db ≥ 26") == [("never", False), ("0.0933", False)]


def test_metrics_are_ranked_against_those_that_know_the_truth(
    plan: BenchmarkPlan, ran: Any, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr(results_module, "cost", lambda config: {"parameters": 1, "gmacs": 1})
    names = [f"{label}_seed{seed}" for label in ("one", "two") for seed in (0, 1)]
    measured = {5: {"background.db": 20, "wasserstein.ratio": 0.9}, 10: {"background.db": 25, "wasserstein.ratio": 0.4}}
    ran(dict.fromkeys(names, 0.1), dict.fromkeys(names, measured), paired=["background.db"])
    found = summarize(plan, tmp_path)
    assert found["agreement"] == {"wasserstein.ratio": {"background.db": 1.0}}
    assert tables(found)[-1].rows[0].cells == ["wasserstein.ratio", "+1.00"]


def test_a_comparison_that_has_not_begun_has_tables_without_values(plan: BenchmarkPlan, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(results_module, "cost", lambda config: {"parameters": None, "gmacs": None})
    found = tables(summarize(plan, tmp_path, failures={"one_seed1": "disk full"}))
    assert [table.title for table in found] == ["Speed"]
    assert found[0].rows[0].cells == ["one (1 failed)", "10", "–", "–", "–", "–", "–", "–"]


def test_runs_that_all_failed_before_they_began_have_results_and_no_report(plan: BenchmarkPlan, tmp_path, monkeypatch):
    monkeypatch.setattr(results_module, "cost", lambda config: {"parameters": None, "gmacs": None})
    runs = plan.runs(tmp_path)
    found = summarize(plan, tmp_path, failures={run.name: "there are no masks" for run in runs})
    assert write_results(tmp_path, found, runs) == tmp_path / "results.md"
    assert "one (2 failed)" in (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "there are no masks" in (tmp_path / "results.csv").read_text()
    assert not (tmp_path / "index.html").exists()


@pytest.mark.slow
def test_everything_is_written_and_the_report_shows_one_run_of_each_method(
    results: dict[str, Any], finished: Any, tmp_path: Path
):
    page = write_results(tmp_path, results, finished)
    text = page.read_text("utf-8")
    assert json.loads((tmp_path / "results.json").read_text()) == results
    rows = list(csv.DictReader((tmp_path / "results.csv").read_text().splitlines()))
    assert [(row["method"], row["seed"], row["background.db.best"], row["background.db.last"]) for row in rows] == [
        ("one", "0", "20.0", "18.0"),
        ("two", "0", "25.0", "25.0"),
        ("one", "1", "22.0", "20.0"),
        ("two", "1", "27.0", "27.0"),
    ]
    for name in ("quality_over_time", "quality_over_steps", "speed_and_quality"):
        assert (tmp_path / "plots" / f"{name}.svg").read_text().lstrip().startswith("<?xml")
        with Image.open(tmp_path / "plots" / f"{name}.png") as image:
            assert image.width > 300
    assert '"runs":["one","two"]' in text
    assert text.count("data:image/svg+xml;base64,") == 3
    assert "Best quality" in text
    markdown = (tmp_path / "results.md").read_text()
    assert "![Quality over steps.](plots/quality_over_steps.png)" in markdown


def test_tables_in_markdown_have_the_best_values_bold(results: dict[str, Any]):
    lines = as_markdown(results, tables(results), {}).splitlines()
    assert lines[:3] == ["# one · two", "", lines[2]]
    assert lines[2] == "Budget: 10 steps of training for each run; seeds 0, 1; 17 s of training in total."
    assert lines[6:10] == [
        "| method | steps | s/step | images/s | minutes | memory MiB | parameters M | GMAC/step |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| one | 10 | **0.1 (0.1–0.1)** | **20** | **0.0467** | **0** | **2** | **1.5** |",
        "| two | 10 | 0.2 (0.2–0.2) | 10 | 0.0933 | **0** | **2** | **1.5** |",
    ]


def test_a_value_of_one_seed_has_no_spread():
    assert mean_and_spread({"mean": 1.23456, "spread": 0.0}, 3) == (1.23456, "1.23")
    assert mean_and_spread({"mean": 1.23456, "spread": 0.0123}, 3) == (1.23456, "1.23 ± 0.012")
    assert mean_and_spread(None, 3) == (None, "–")
