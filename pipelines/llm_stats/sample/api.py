"""Sample API: an HTTP server on loopback that serves any list of records like the LLM Stats API.

    with SampleApi(sample.today()) as api:
        client = Client(api.base_url, SAMPLE_KEY)

| route | response |
| --- | --- |
| `/stats/v1/models/{model_id}` | a record |
| `/stats/v1/models?limit=&cursor=` | a page of summaries |
| `/v1/models`, `/v1/models/{model_id}` | the public model catalog: no key, different fields |
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
from urllib.parse import parse_qs

from llm_stats.errors import UsageError
from llm_stats.sample.catalog import Catalog, today
from llm_stats.sample.http import Request, Response, error_response, json_response
from llm_stats.sample.planned import PlannedFeatures

SAMPLE_KEY = "sample-key"
_HOST = "127.0.0.1"
_MAX_LIMIT = 200


def _not_found(request: Request) -> Response:
    missing = f"model {request.model_id!r}" if request.model_id else f"route {request.path!r}"
    return error_response(404, "not_found", f"There is no {missing}.")


class SampleApi:
    """HTTP server that runs inside its `with` block.

    `requests` contains every request in order of arrival. A subclass may override `get` to change
    responses and `send` to change how they are sent.
    """

    def __init__(
        self,
        records: Iterable[Mapping[str, Any]] | None = None,
        *,
        port: int = 0,
        key: str | None = SAMPLE_KEY,
        latency_ms: float = 0,
        page_size: int = _MAX_LIMIT,
        planned: PlannedFeatures | None = None,
    ) -> None:
        """Serve the records, by default those of the bundled sample.

        Port 0 stands for any free port. If `key` is None, every key is accepted. A page has at
        most `page_size` summaries, even if the client requests more. `planned` adds ETags, quota
        headers and idempotency keys.
        """
        self.publish(today() if records is None else records)
        self.requests: list[Request] = []
        self._port, self._key, self._latency = port, key, latency_ms / 1000
        self._page_size = page_size
        self.planned = planned
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        try:
            self._server = _Server((_HOST, self._port), self)
        except (OSError, OverflowError) as error:
            failure = f"cannot listen on {_HOST}:{self._port}: {error}"
            raise UsageError(f"{failure}; choose another port, or 0 for any free port") from None
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,)).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.disconnect_clients()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        return f"http://{_HOST}:{self._port}/stats/v1"

    def publish(
        self,
        records: Iterable[Mapping[str, Any]],
        summaries: Iterable[Any] | None = None,
        total: int | None = None,
    ) -> None:
        """Replace the records.

        `summaries` are the entries of the catalog's pages, by default the summaries of the records.
        `total` is the stated number of models, by default the number of entries. Values that
        differ from the records simulate a faulty catalog.
        """
        self._catalog = Catalog(records, summaries, total)
        self._records = {k: json_response(record) for k, record in self._catalog.records.items()}

    def wait(self) -> None:
        """Block until Ctrl-C."""
        with suppress(KeyboardInterrupt):
            threading.Event().wait()

    def pause(self, seconds: float) -> None:
        """Sleep for a number of seconds, or until the API closes."""
        self._closing.wait(seconds)

    def respond(self, request: Request) -> Response:
        """Append a request to `requests`; return its response after the latency."""
        self.requests.append(request)
        response = self._route(request)
        if self.planned:
            response = self.planned.apply(request, response)
        self.pause(self._latency)
        request.status = response.status
        return response

    def get(self, request: Request) -> Response:
        """Return the response to a request with a valid key."""
        if request.route == "/models":
            return self._list(request.query)
        return self._records.get(request.model_id or "") or _not_found(request)

    def send(self, request: Request, response: Response, stream: BufferedIOBase) -> None:
        """Write a response to the connection of its request."""
        stream.write(response.head + response.body)

    def _route(self, request: Request) -> Response:
        if request.path == f"/v1{request.route}":
            return self._public(request)
        if request.path != f"/stats/v1{request.route}":
            return _not_found(request)
        return self._unauthorized(request) or self.get(request)

    def _unauthorized(self, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return error_response(401, "authentication_required", "Send your key as bearer token.")
        if self._key is not None and token.strip() != self._key:
            return error_response(401, "invalid_api_key", "The key is not valid.")
        return None

    def _list(self, query: str) -> Response:
        parameters = {k: v[-1] for k, v in parse_qs(query, keep_blank_values=True).items()}
        limit = parameters.get("limit", "50")
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= _MAX_LIMIT):
            message = f"must be 1 to {_MAX_LIMIT}"
            detail = {"loc": ["query", "limit"], "msg": message, "type": "int_range"}
            return json_response({"detail": [detail]}, 422)
        size = min(int(limit), self._page_size)
        if page := self._catalog.page(size, parameters.get("cursor")):
            return json_response(page)
        return error_response(410, "cursor_expired", "The cursor has expired.", param="cursor")

    def _public(self, request: Request) -> Response:
        """Return the public model catalog, or one entry if the path contains a model id."""
        entries = self._catalog.public_entries
        if request.route == "/models":
            return json_response({"object": "list", "data": list(entries.values())})
        entry = entries.get(request.model_id or "")
        return json_response(entry) if entry else _not_found(request)


class _Handler(BaseHTTPRequestHandler):
    """Handler of one client connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        request = Request(time.monotonic(), path, query, headers)
        self.server.api.send(request, self.server.api.respond(request), self.wfile)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: a line per request slows benchmarks down and could contain a key."""


class _Server(socketserver.ThreadingTCPServer):
    """Server with a thread per connection; closing it disconnects clients and joins the threads."""

    allow_reuse_address = True
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
        """Print the error, except a connection error: clients may disconnect at any time."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def disconnect_clients(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):  # the client has disconnected already
                connection.shutdown(socket.SHUT_RDWR)
