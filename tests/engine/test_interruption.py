import os
import signal
import threading
import time

import pytest

from i2ikit.data.workers import SIGNALS
from i2ikit.engine.interruption import Interruption, RunInterruptedError


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("forwarded", SIGNALS)
def test_the_first_signal_is_noted_its_echo_by_a_launcher_ignored_and_the_second_ends_at_once(
    number, forwarded, monkeypatch
):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with Interruption() as interruption:
        assert interruption.requested == ""
        signal.raise_signal(number)
        now[0] += 0.9
        signal.raise_signal(forwarded)
        assert interruption.requested == number.name
        now[0] += 0.2
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


def test_the_earlier_handlers_are_restored():
    before = signal.getsignal(signal.SIGTERM)
    with Interruption():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_outside_of_the_main_thread_it_does_nothing():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def inside() -> None:
        with Interruption() as interruption:
            seen.append((interruption.requested, signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [("", before)]


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Python >= 3.12 on forks beside threads
@pytest.mark.skipif(not hasattr(os, "fork"), reason="only forked workers inherit handlers")
def test_a_forked_worker_leaves_ctrl_c_to_its_parent_and_ends_on_sigterm():
    with Interruption():
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGUSR1)
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(0)
        _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGTERM


def test_an_interrupted_run_exits_as_the_shell_expects():
    assert RunInterruptedError.exit_code == 130
