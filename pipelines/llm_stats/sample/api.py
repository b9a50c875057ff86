"""The sample API: any list of records, served on loopback over real HTTP as the LLM Stats API would serve it.

    with SampleApi(sample.today()) as api:
        requests.get(f"{api.base_url}/models/aurora-large-1", headers={"Authorization": f"Bearer {SAMPLE_KEY}"})
        assert [request.model_id for request in api.requests] == ["aurora-large-1"]

| route | answers |
| --- | --- |
| `/stats/v1/models/{model_id}` | the record |
| `/stats/v1/models?limit=&cursor=` | a page of summaries |
| `/v1/models…` | the trap: the public model catalog, which needs no key |
"""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from typing import Any, Self

from llm_stats.errors import UsageError
from llm_stats.sample.answers import Catalog
from llm_stats.sample.catalog import today
from llm_stats.sample.exchange import Request, Response, error_response, not_found

SAMPLE_KEY = "sample-key"
_HOST = "127.0.0.1"


class SampleApi:
    """A context manager: inside, the API answers at `base_url`; `requests` holds all it was asked, in order of arrival."""

    def __init__(
        self,
        records: Iterable[Mapping[str, Any]] | None = None,
        *,
        port: int = 0,
        key: str | None = SAMPLE_KEY,
        latency_ms: float = 0,
    ) -> None:
        """`records`: None for the bundled sample; `port`: 0 for any free one; `key`: None to accept every key."""
        self.publish(today() if records is None else records)
        self.requests: list[Request] = []
        self._port, self._key, self._latency = port, key, latency_ms / 1000
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        try:
            self._server = _Server((_HOST, self._port), self)
        except (OSError, OverflowError) as problem:
            raise UsageError(f"Cannot listen on {_HOST}:{self._port} ({problem}): choose another port, or 0 for any free one") from None
        self._port = self._server.server_address[1]
        self._closing.clear()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        return f"http://{_HOST}:{self._port}/stats/v1"

    def publish(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Serves these records from now on: tomorrow, at the same address."""
        self._catalog = Catalog(records)

    def wait(self) -> None:
        """Blocks until Ctrl-C."""
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return

    def pause(self, seconds: float) -> None:
        """Sleeps, unless the API closes meanwhile."""
        if seconds:
            self._closing.wait(seconds)

    def respond(self, request: Request) -> Response:
        """Record a request and return its response, after the latency."""
        self.requests.append(request)
        response = self._route(request)
        self.pause(self._latency)
        request.status = response.status
        return response

    def get(self, request: Request) -> Response:
        """Return the response to a request with a valid key. Overridable."""
        if request.model_id:
            return self._catalog.record(request.model_id)
        if request.route == "/models":
            return self._catalog.page(request.query)
        return not_found(f"route {request.path!r}")

    def send(self, request: Request, response: Response, stream: BufferedIOBase) -> None:
        """Write a response to its connection. Overridable."""
        stream.write(response.head + response.body)

    def _route(self, request: Request) -> Response:
        if request.path == f"/v1{request.route}" and (request.model_id or request.route == "/models"):
            return self._catalog.public(request.model_id)
        if request.path != f"/stats/v1{request.route}":
            return not_found(f"route {request.path!r}")
        return self._unauthorized(request) or self.get(request)

    def _unauthorized(self, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return error_response(401, "authentication_required", "Send your key as `Authorization: Bearer <key>`.")
        if self._key is not None and token.strip() != self._key:
            return error_response(401, "invalid_api_key", "The key is not valid.")
        return None


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(time.monotonic(), self.path, headers)
        api = self.server.api
        api.send(request, api.respond(request), self.wfile)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: a line per request would slow the benchmarks down and could show a key."""


class _Server(socketserver.ThreadingTCPServer):
    """A thread per connection; closing hangs up on clients that keep theirs alive, and waits for the threads."""

    allow_reuse_address = True
    daemon_threads = False
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], api: SampleApi) -> None:
        self.api = api
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left early is no news; anything else is a mistake in here, and shows."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):  # the client was first
                connection.shutdown(socket.SHUT_RDWR)
