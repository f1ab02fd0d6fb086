"""Connections that close when a process ends, however it ends.

gloo can miss that: a collective that sends at that moment waits until the timeout of the group.
"""

import secrets
import socket
from contextlib import suppress
from multiprocessing.connection import wait

import torch.distributed as dist

from i2ikit.distributed.launch import RankInfo

CONNECTING = 20.0  # seconds


class Peers:
    """A connection from rank 0 to each other process; after a first word nothing is sent.

    A process that cannot be reached in ``CONNECTING`` seconds is not watched.

    Args:
        info: of this process. All processes of an initialized group make this object together.
    """

    def __init__(self, info: RankInfo) -> None:
        self._connections = _connect(info.host) if info.rank else _accept(info.count - 1)

    def ended(self) -> bool:
        """Return whether a process has ended that this one is connected to: any for rank 0, rank 0 for the others."""
        return bool(wait(self._connections, timeout=0))

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections:
            connection.close()
        self._connections = []


def _accept(count: int) -> list[socket.socket]:
    word = secrets.token_bytes()
    found: list[socket.socket] = []
    with _listen() as server:
        server.settimeout(CONNECTING)
        dist.broadcast_object_list([(server.getsockname()[1], word)])
        with suppress(TimeoutError):
            while len(found) < count:
                connection, _ = server.accept()
                connection.settimeout(1)
                with suppress(OSError):
                    if connection.recv(len(word)) == word:  # not some other program that found the port
                        found.append(connection)
    return found


def _listen() -> socket.socket:
    try:
        return socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    except (OSError, ValueError):  # no IPv6, or only apart from IPv4
        return socket.create_server(("", 0))


def _connect(host: str) -> list[socket.socket]:
    box: list[tuple[int, bytes] | None] = [None]
    dist.broadcast_object_list(box)
    assert box[0] is not None
    port, word = box[0]
    with suppress(OSError):
        connection = socket.create_connection((host, port), CONNECTING)
        connection.sendall(word)
        return [connection]
    return []
