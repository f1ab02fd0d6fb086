"""What tests of every folder share."""

import os
import socket
from collections.abc import Callable

import pytest

PORTS = range(20000, 32000)  # below those that the system hands out to connections, which could take one in between


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Finds ports that nobody listens at: another one at each call, and in each process of the suite."""
    start = os.getpid() * 16
    tried = iter(range(len(PORTS)))

    def find() -> int:
        for offset in tried:
            port = PORTS[(start + offset) % len(PORTS)]
            with socket.socket() as trial:
                try:
                    trial.bind(("127.0.0.1", port))
                except OSError:
                    continue
            return port
        raise OSError("all ports are taken")

    return find
