"""`i2ikit doctor`."""

import json

import pytest

from i2ikit import doctor
from i2ikit.doctor import Examination, Finding

PLUGIN = {"name": "foo", "package": "i2ikit-foo", "version": "0.3", "state": "broken"}


@pytest.fixture
def found(monkeypatch):
    """Let the machine be examined with these findings."""

    def examined(*findings):
        made = Examination(
            {"torch": "2.9"}, ["cpu: AVX2, 2 cores"], {"torch": 4}, {"cudnn.benchmark": False}, [PLUGIN], list(findings)
        )
        monkeypatch.setattr(doctor, "examine", lambda folder: made)

    return examined


FINE = Finding("disk", "ok", "9.0 GB free")
BAD = Finding("shared memory", "problem", "/dev/shm is [full]", "Give the container more.")


def test_everything_that_was_found_is_shown(run, found):
    found(FINE, Finding("threads", "warning", "4 threads on 2 cores", "Set OMP_NUM_THREADS=2."))
    outcome = run("doctor")
    assert outcome.code == 0
    for text in ("torch 2.9", "cpu: AVX2, 2 cores", "torch 4", "cudnn.benchmark off", "foo 0.3 broken"):
        assert text in outcome.out
    assert "ok       disk: 9.0 GB free." in outcome.out
    assert "warning  threads: 4 threads on 2 cores.\n         Set OMP_NUM_THREADS=2." in outcome.out


def test_a_problem_is_exit_code_1(run, found):
    found(FINE, BAD)
    outcome = run("doctor")
    assert outcome.code == 1
    assert "problem  shared memory: /dev/shm is [full]." in outcome.out


def test_json_holds_all_of_it(run, found):
    found(BAD)
    outcome = run("doctor", "--json")
    assert outcome.code == 1
    told = json.loads(outcome.out)
    assert told["sound"] is False
    assert told["findings"][0]["advice"] == "Give the container more."
    assert told["plugins"] == [PLUGIN]
