"""Servers on loopback that send raw bytes: a scripted HTTP server and a small HTTP proxy."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

Handler = Callable[[socket.socket, bytes], None]


@contextlib.contextmanager
def raw_server(handle: Handler) -> Iterator[int]:
    """Serve on a free port; yield the port.

    For each connection, a thread calls `handle(connection, head)`. `head` holds the request line
    and the headers of the first request. When `handle` returns, the connection is closed.
    """
    open_sockets: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                if not (received := connection.recv(1)):
                    return
                head += received
            handle(connection, head)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                open_sockets.append(listening.accept()[0])
                threading.Thread(target=serve, args=open_sockets[-1:], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        for each in (listening, *open_sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def repeated(*parts: bytes, pause: float = 0) -> Handler:
    """Return a handler that sends `parts[0]` once, then all other parts again and again."""
    stopped = threading.Event()

    def handle(connection: socket.socket, _: bytes) -> None:
        connection.sendall(parts[0])
        while not stopped.wait(pause):
            for part in parts[1:]:
                connection.sendall(part)

    return handle


def forward(to_port: int) -> Handler:
    """Return the handler of a proxy that connects every request to one port on loopback.

    The proxy accepts `CONNECT` and requests with an absolute URL.
    """

    def handle(connection: socket.socket, head: bytes) -> None:
        with socket.create_connection(("127.0.0.1", to_port)) as upstream:
            method, url, _ = head.split(b" ", 2)
            if method == b"CONNECT":
                connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                path = urlsplit(url).path
                upstream.sendall(head.replace(url, path, 1))
            back = threading.Thread(target=_pump, args=(upstream, connection), daemon=True)
            back.start()
            _pump(connection, upstream)
            back.join()

    return handle


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
        target.shutdown(socket.SHUT_WR)
