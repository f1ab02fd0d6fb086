"""Text from files is shown on the terminal, and does not control it."""

import logging
import warnings

import pytest
import torch

from i2ikit.cli import console
from i2ikit.cli.console import complain, counting, make_table, out, write
from i2ikit.errors import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ünïcode, 花\n\tnext line", "plain, ünïcode, 花\n\tnext line"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("over\rwritten\x08", "over\\rwritten\\x08"),
        ("\x9b31m", "\\x9b31m"),  # the same as ESC [ to some terminals
        ("photo\u202egnp.exe", "photo\\u202egnp.exe"),
        ("bytes \udcff", "bytes \\udcff"),
    ],
)
def test_control_characters_become_escape_sequences(text, shown):
    assert printable(text) == shown


def test_nothing_that_is_printed_controls_the_terminal(capsys):
    hostile = "\x1b[31mred\r"
    write(hostile, ("title\x1b[0m", "bold"))
    complain(hostile)
    out().print(make_table(["name"], [[hostile]]))
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    assert "\r" not in printed.out + printed.err
    assert printed.out.count("\\x1b[31mred\\r") == 2


def test_names_of_files_are_printable_in_errors_usage_and_warnings(run, tmp_path, caplog):
    name = "a\x1b[2J.pt"
    torch.save({}, tmp_path / name)
    refused = run("translate", tmp_path / name, "x.png", "out")
    usage = run("translate", "a", "b", "c", name)
    debug = run("--debug", "export", tmp_path / name, "--out", tmp_path)
    assert [refused.code, usage.code, debug.code] == [2, 2, 2]
    for found in (refused, usage, debug):
        assert "\x1b" not in found.out + found.err
        assert "\\x1b[2J" in found.err
    handler = logging.lastResort
    assert handler is not None
    assert warnings.formatwarning(f"{name}!", UserWarning, "x.py", 3) == "x.py:3: UserWarning: a\\x1b[2J.pt!\n"
    assert handler.format(logging.LogRecord("x", 30, "", 0, "%s skipped", (name,), None)) == "a\\x1b[2J.pt skipped"


def test_without_a_terminal_progress_is_a_line_after_a_second_and_then_every_ten(monkeypatch, capsys):
    clock = iter([100.0, 100.5, 101.0, 101.0, 102.0, 111.0, 111.0, 130.0])
    monkeypatch.setattr(console.time, "monotonic", lambda: next(clock))
    with counting("Translating") as progress:
        for done in (1, 2, 3, 1500, 2000):
            progress(done, 2000)
    assert capsys.readouterr().err == "Translating: 2 of 2,000\nTranslating: 1,500 of 2,000\n"


def test_progress_without_a_known_total_is_a_count(monkeypatch, capsys):
    monkeypatch.setattr(console, "PLAIN_FIRST", 0)
    with counting("Translating") as progress:
        progress(1500, None)
    assert capsys.readouterr().err == "Translating: 1,500\n"
