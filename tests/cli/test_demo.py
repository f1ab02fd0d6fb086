"""`i2ikit demo` before it serves anything; tests/demo drives the page itself."""

import socket
from pathlib import Path

import pytest

LIMITS = [(option, value) for option in ("--max-mb", "--max-megapixels") for value in ("inf", "nan")]


def test_what_cannot_be_served_is_refused_with_the_reason(run, tmp_path: Path):
    missing = run("demo", str(tmp_path / "none.pt"))
    assert missing.code == 2
    assert "none.pt" in missing.err
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        taken = run("demo", str(tmp_path / "none.pt"), "--port", str(port))
    assert taken.code == 2
    assert (
        f"cannot listen at 127.0.0.1, port {port}: Address already in use. Choose another one: --port N." in taken.err
    )


def test_a_missing_package_is_one_line(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("i2ikit.extras.find_spec", lambda name: None)
    outcome = run("demo", str(tmp_path / "none.pt"))
    assert outcome.code == 2
    assert outcome.err.strip() == "i2ikit: the demo page needs gradio: pip install 'i2ikit[demo]'"


@pytest.mark.parametrize(
    "option",
    [("--port", "0"), ("--port", "70000"), ("--max-mb", "0"), ("--max-megapixels", "-1"), ("--size", "32769"), *LIMITS],
)
def test_numbers_out_of_their_range_are_refused(option: tuple[str, str], run):
    assert run("demo", "x.pt", *option).code == 2


def test_a_device_that_is_not_there_is_refused_before_the_page_is_served(run):
    outcome = run("demo", "x.pt", "--device", "cuda:99")
    assert outcome.code == 2
    assert "cuda:99" in outcome.err


def test_at_least_one_checkpoint_is_needed(run):
    outcome = run("demo")
    assert outcome.code == 2
    assert "CHECKPOINT" in outcome.err
