"""A process that ends is noticed, even where gloo does not notice it."""

import os
import signal
import socket
from pathlib import Path

import pytest

from i2ikit.distributed import peers

pytestmark = pytest.mark.slow
MISSED = """
import os, signal, sys, time
from datetime import timedelta
import torch
from i2ikit.distributed import group, processes
from i2ikit.distributed.launch import find_rank

group.PATIENCE, processes.CHECK = 1, timedelta(seconds=0.5)
info = find_rank()
with group.ProcessGroup(info, torch.device("cpu")) as joined:
    assert group.broadcast_value({"of": info.rank}) == {"of": 0}
    if info.rank and os.fork() == 0:  # it keeps the connections of gloo open
        joined._peers.close()
        time.sleep(30)
        os._exit(0)
    if info.rank:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(1)  # longer than CHECK, and not in a collective: nothing ends
    print("waits", flush=True)
    group.average([torch.ones(10)])
"""
SLOW = """
import time
from datetime import timedelta
import torch
from i2ikit.distributed import group, processes
from i2ikit.distributed.launch import find_rank

processes.CHECK = timedelta(seconds=0.1)
info = find_rank()
with group.ProcessGroup(info, torch.device("cpu")):
    time.sleep(info.rank)  # ten times CHECK
    assert group.any_rank(info.rank == 1)
"""
STRANGER = """
import socket, sys
import torch
from i2ikit.distributed import group, peers
from i2ikit.distributed.launch import find_rank

info = find_rank()
if info.rank:
    connect = socket.create_connection
    def twice(*arguments):
        connect(*arguments).sendall(b"GET / HTTP/1.1")
        connect(*arguments).close()
        return connect(*arguments)
    socket.create_connection = twice
with group.ProcessGroup(info, torch.device("cpu")) as joined:
    assert not group.any_rank(False)
    assert len(joined._peers._connections) == 1 and not joined._peers.ended()
    assert group.any_rank(info.rank == 1)
"""


@pytest.fixture
def two(python, tmp_path, free_port):
    """Runs a script in two processes; returns their exit codes and what they printed."""
    started = []

    def run(script: str) -> tuple[list[int], list[str]]:
        address = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
        outputs = [tmp_path / f"{rank}.txt" for rank in range(2)]
        for rank, output in enumerate(outputs):
            files = (Path(os.devnull), output, output)
            environment = {**os.environ, **address, "RANK": str(rank), "LOCAL_RANK": str(rank)}
            started.append(python.start("-c", script, files=files, env=environment))
        return [each.wait(120) for each in started], [output.read_text() for output in outputs]

    yield run
    for each in started:
        each.kill()


def test_a_killed_process_ends_a_collective_that_gloo_would_keep_waiting(two):
    codes, printed = two(MISSED)
    assert codes == [1, -signal.SIGKILL], printed
    assert printed[0].startswith("waits\n")
    assert "process 0 of 2 lost the others: one of them has ended" in printed[0]


def test_a_process_that_is_only_slow_is_waited_for(two):
    codes, printed = two(SLOW)
    assert codes == [0, 0], printed


def test_a_connection_from_another_program_is_not_one_of_the_group(two):
    codes, printed = two(STRANGER)
    assert codes == [0, 0], printed


def test_without_ipv6_the_first_process_listens_on_ipv4(monkeypatch):
    create = socket.create_server

    def ipv4_only(address, *, family=socket.AF_INET, **options):
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return create(address, family=family, **options)

    monkeypatch.setattr(socket, "create_server", ipv4_only)
    with peers._listen() as server:
        assert server.family == socket.AF_INET


def test_processes_that_cannot_be_reached_are_not_watched(two):
    unreachable = "import socket\nfrom i2ikit.distributed import peers\npeers.CONNECTING = 0.5\n"
    refuse = "def refuse(*arguments):\n    raise ConnectionRefusedError\nsocket.create_connection = refuse\n"
    codes, printed = two(unreachable + refuse + SLOW)
    assert codes == [0, 0], printed
