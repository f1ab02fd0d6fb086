"""`i2ikit doctor`."""

import json

import pytest

from i2ikit.doctor import diagnosis
from i2ikit.doctor.diagnosis import Diagnosis
from i2ikit.doctor.probes import ProbeResult

ENVIRONMENT = {
    "versions": {"torch": "2.9"},
    "determinism": {"cudnn.benchmark": False},
    "plugins": {"foo": "0.3 broken"},
}


@pytest.fixture
def found(monkeypatch):
    """Let the diagnosis of the machine have these results."""

    def diagnosed(**results):
        monkeypatch.setattr(diagnosis, "diagnose", lambda folder: Diagnosis(ENVIRONMENT, results))

    return diagnosed


FINE = ProbeResult("ok", "9.0 GB free")
BAD = ProbeResult("problem", "/dev/shm is [full]", "Give the container more.")


def test_everything_that_was_found_is_shown(run, found):
    found(disk=FINE, threads=ProbeResult("warning", "4 threads on 2 cores", "Set OMP_NUM_THREADS=2."))
    outcome = run("doctor")
    assert outcome.code == 0
    for text in ("versions    torch 2.9", "foo 0.3 broken"):
        assert text in outcome.out
    assert "ok       disk: 9.0 GB free." in outcome.out
    assert "warning  threads: 4 threads on 2 cores.\n         Set OMP_NUM_THREADS=2." in outcome.out


def test_a_problem_is_exit_code_1(run, found):
    found(disk=FINE, memory=BAD)
    outcome = run("doctor")
    assert outcome.code == 1
    assert "problem  memory: /dev/shm is [full]." in outcome.out


def test_json_holds_all_of_it(run, found):
    found(memory=BAD)
    outcome = run("doctor", "--json")
    assert outcome.code == 1
    printed = json.loads(outcome.out)
    assert printed["healthy"] is False
    assert printed["results"]["memory"]["advice"] == "Give the container more."
    assert printed["environment"] == ENVIRONMENT
