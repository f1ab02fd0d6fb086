from typing import Any

import torch

from i2ikit.engine.hooks.log import LogHook


def lines_of(run: Any, every: int, losses: list[dict[str, float]]) -> list[dict[str, Any]]:
    hook = LogHook(every)
    for step, values in enumerate(losses, start=1):
        run.step(hook, step, len(losses), **{name: torch.tensor(loss) for name, loss in values.items()})
    return run.lines


def test_a_line_has_the_means_since_the_previous_line(new_run):
    lines = lines_of(new_run(), 3, [{"gan": value} for value in (8.0, 1.0, 3.0, 4.0, 5.0)])
    assert [(line["step"], line["losses"]["gan"]) for line in lines] == [(1, 8.0), (3, 2.0), (5, 4.5)]


def test_a_run_that_ends_between_two_lines_ends_its_log_with_a_partial_one(new_run):
    run, hook = new_run(), LogHook(50)
    for step, loss in enumerate((8.0, 1.0, 3.0), start=1):
        run.step(hook, step, 100, gan=torch.tensor(loss))
    hook.close()
    assert [(line["step"], line["losses"]["gan"], line.get("partial", False)) for line in run.lines] == [
        (1, 8.0, False),
        (3, 2.0, True),
    ]
    assert hook.state_dict()["counts"] == {"gan": 2}  # the next whole line of a resumed run is over all its steps


def test_a_run_that_ends_with_a_line_has_no_partial_one(new_run):
    run, hook = new_run(), LogHook(50)
    run.step(hook, 1, 1, gan=torch.tensor(1.0))
    hook.close()
    assert len(run.lines) == 1


def test_a_term_that_is_skipped_in_some_steps_has_the_mean_over_the_others(new_run):
    lines = lines_of(new_run(), 3, [{"gan": 0.0}, {"gan": 1.0, "identity": 6.0}, {"gan": 2.0}])
    assert lines[1]["losses"] == {"gan": 1.5, "identity": 6.0}


def test_a_line_has_rates_epoch_and_the_seconds_of_the_run(new_run):
    (line,) = lines_of(new_run(), 1, [{"gan": 0.0}])
    assert (line["lr"], line["epoch"], line["time"]) == ({"net": 0.5}, 1, 100)
