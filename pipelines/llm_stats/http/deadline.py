"""HTTP session with one deadline for each exchange: status lines, headers and body together.

A read timeout restarts with every byte. A server that sends one byte per second, or `100 Continue`
forever, would therefore block the request, and the run would never release its lock.

The deadline begins when the request has been sent. A proxy's response to `CONNECT` has a separate
deadline. Two things have no deadline: name resolution, because Python cannot interrupt it, and
connections through a SOCKS proxy. If a host has several addresses, the connect timeout applies to
each address.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

import requests
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

#: Maximum number of `100 Continue` responses before the final response.
_MAX_INTERIM_RESPONSES = 10


class DeadlineSession(requests.Session):
    """A session whose exchanges end within `exchange_seconds`; redirects are not followed.

    After the deadline, sending the request raises `requests.ReadTimeout`, and reading the
    body raises urllib3's `ReadTimeoutError`. The session keeps up to `pool_size` connections.
    """

    def __init__(self, exchange_seconds: float, pool_size: int = 1) -> None:
        super().__init__()
        adapter = _DeadlineAdapter(exchange_seconds, pool_size)
        for scheme in ("http://", "https://"):
            self.mount(scheme, adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: no response is treated as a redirect.

        The requests library reads the body of a redirect without a limit, even with
        `allow_redirects=False`. It also raises an error if the target of a redirect is invalid.
        """


class _DeadlineAdapter(requests.adapters.HTTPAdapter):
    """An adapter that applies the deadline to connections, direct or through an HTTP proxy."""

    def __init__(self, exchange_seconds: float, pool_size: int) -> None:
        self._pool_classes = _pool_classes(exchange_seconds)
        super().__init__(pool_connections=1, pool_maxsize=pool_size)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._pool_classes
        return manager


def _pool_classes(exchange_seconds: float) -> dict[str, Any]:
    """Return subclasses of urllib3's connection pools, by scheme; they apply the deadline."""

    class Response(_DeadlineResponse):
        seconds = exchange_seconds

    class Http(HTTPConnection):
        response_class = Response

    class Https(HTTPSConnection):
        response_class = Response

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = Https

    return {"http": HttpPool, "https": HttpsPool}


class _DeadlineResponse(http.client.HTTPResponse):
    """A response with a deadline and a maximum number of `100 Continue` responses."""

    seconds: float

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._status_lines = 0
        unbuffered = self.fp.detach()
        self.fp = io.BufferedReader(_DeadlineStream(sock, unbuffered, self.seconds))

    def _read_status(self) -> Any:
        """Read one status line; `http.client` calls this method again after each `100 Continue`."""
        self._status_lines += 1
        if self._status_lines > 1 + _MAX_INTERIM_RESPONSES:
            raise http.client.HTTPException(
                f"the server sent 100 Continue more than {_MAX_INTERIM_RESPONSES} times"
            )
        return super()._read_status()  # type: ignore[misc]


class _DeadlineStream(io.RawIOBase):
    """The bytes of a socket; no read waits beyond the deadline.

    The deadline is not enforced by another thread that shuts the socket down, because `http.client`
    would treat the shutdown as the end of the body and return a truncated response.
    """

    def __init__(self, sock: socket.socket, unbuffered: io.RawIOBase, seconds: float) -> None:
        self._sock, self._unbuffered, self._seconds = sock, unbuffered, seconds
        self._read_timeout = sock.gettimeout()
        self._deadline = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if (left := self._deadline - time.monotonic()) > 0:
            self._sock.settimeout(min(left, self._read_timeout or left))
            try:
                return self._unbuffered.readinto(buffer)
            except TimeoutError:
                if time.monotonic() < self._deadline:  # the read timeout was shorter
                    raise
        raise TimeoutError(f"the response took over {self._seconds:g} s")

    def close(self) -> None:
        self._unbuffered.close()
        super().close()
