"""The progress of a run, on a terminal and elsewhere."""

import functools
import io
from contextlib import closing
from pathlib import Path

import pytest
from rich.console import Console

from i2ikit.cli import progress
from i2ikit.cli.progress import LiveReporter, RichReporter, make_reporter
from i2ikit.engine.reporter import RunResult, RunSummary, format_duration, format_pace

SUMMARY = RunSummary(
    work_dir=Path("runs/x"),
    device="cpu",
    seed=3,
    networks={"generators.ab": 1234567, "heads.f": 9},
    steps=100,
    epochs=4,
    steps_per_epoch=25,
    batch_size=2,
    train_images=50,
    test_images=6,
    first_step=26,
    rate="▁▁  x1, at most x1, last x1",
    warning="the learning rate never changes",
)
RESULT = RunResult(Path("runs/x"), 100, {"psnr": 23.456789}, Path("runs/x/checkpoints/step_000100.pt"))
LOSSES = {"gan": 0.25, "content": 5.43217}


def report(reporter: RichReporter) -> str:
    with closing(reporter):
        reporter.start(SUMMARY)
        for step in (26, 27, 99, 100):
            reporter.step(step, 2 if step < 50 else 4, 12.34, 75.0, LOSSES)
        reporter.note("a [bold]note")
        reporter.finish(RESULT)
    return reporter.console.file.getvalue()


def test_without_a_terminal_there_are_plain_lines(monkeypatch):
    monkeypatch.setattr(progress.time, "monotonic", lambda: 1000.0)
    text = report(RichReporter(Console(file=io.StringIO(), width=40)))
    assert text.splitlines() == [
        "networks  generators.ab 1,234,567, heads.f 9 parameters",
        "data      50 training items, 6 test items",
        "length    100 steps in 4 epochs of 25, batch 2, resumed at step 26",
        "rate      ▁▁  x1, at most x1, last x1",
        "device    cpu, fp32, seed 3",
        "results   runs/x",
        "Warning: the learning rate never changes",
        "epoch 2/4  step 26/100  12.3 steps/s  1 min 15 s left  gan 0.25  content 5.432",
        "epoch 4/4  step 100/100  12.3 steps/s  1 min 15 s left  gan 0.25  content 5.432",  # the last step always
        "a [bold]note",
        "metric  last, step 100",
        "psnr             23.46",
        "checkpoint runs/x/checkpoints/step_000100.pt",
        "results    runs/x",
    ]


def test_the_next_step_is_printed_after_ten_seconds(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    reporter = RichReporter(Console(file=io.StringIO(), width=200))
    reporter.start(SUMMARY)
    before = len(reporter.console.file.getvalue().splitlines())
    for step, seconds in ((26, 0.0), (27, 9.9), (28, 10.0), (29, 10.1)):
        now[0] = 1000.0 + seconds
        reporter.step(step, 2, 1.0, 1.0, LOSSES)
    lines = reporter.console.file.getvalue().splitlines()[before:]
    assert [line.split()[3] for line in lines] == ["26/100", "28/100"]


def test_on_a_terminal_bar_rate_and_losses_are_shown():
    text = report(LiveReporter(Console(file=io.StringIO(), force_terminal=True, width=100)))
    assert "\x1b" in text
    for piece in (
        "epoch 4/4",
        "100/100 steps",
        "12.3 steps/s, 1 min 15 s left",
        "gan 0.25  content 5.432",
        "psnr",
        "23.46",
    ):
        assert piece in text


def test_an_error_restores_the_terminal():
    reporter = LiveReporter(Console(file=io.StringIO(), force_terminal=True, width=100))

    def lose() -> None:
        with closing(reporter):
            reporter.start(SUMMARY)
            raise RuntimeError("lost")

    with pytest.raises(RuntimeError, match="lost"):
        lose()
    assert reporter.console.file.getvalue().rstrip().endswith("\x1b[?25h")  # the cursor is back


Notebook = functools.partial(Console, force_jupyter=True)


@pytest.mark.parametrize(
    ("console", "ipywidgets", "expected"),
    [(Console, True, RichReporter), (Notebook, True, LiveReporter), (Notebook, False, RichReporter)],
)
def test_pipes_and_notebooks_without_widgets_get_plain_lines(monkeypatch, console, ipywidgets, expected):
    monkeypatch.setattr(progress, "find_spec", lambda name: "spec" if ipywidgets else None)
    monkeypatch.setattr("rich.console.Console", console)
    assert type(make_reporter()) is expected


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (90, "1 min 30 s"), (3599.6, "1 h 0 min"), (12000, "3 h 20 min"), (float("inf"), "?")],
)
def test_times_are_shown_in_readable_units(seconds, words):
    assert format_duration(seconds) == words


@pytest.mark.parametrize(
    ("rate", "words"), [(0.05, "20.0 s/step"), (0.99, "1.0 s/step"), (1.0, "1.0 steps/s"), (12.34, "12.3 steps/s")]
)
def test_a_slow_run_shows_the_time_of_a_step(rate, words):
    assert format_pace(rate) == words


def test_an_unknown_time_is_a_question_mark():
    assert format_duration(float("nan")) == format_duration(-1.0) == "?"
