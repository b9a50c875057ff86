"""Webhook server on loopback that stores the received messages and responds as configured."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

PATH = "/services/T0AAAA/B0BBBB/cccsecretccc"


class WebhookServer:
    """Webhook server, as a context manager; `url` accepts POST requests.

    The requests get `statuses` in order; all further requests get the last status. The server sends
    the status after `delay` seconds, and `body` after `pause` more seconds. For status 0, the
    server closes the connection without a response.
    """

    def __init__(
        self, *statuses: int, body: str = "ok", delay: float = 0, pause: float = 0
    ) -> None:
        self.received: list[dict[str, Any]] = []
        self._statuses = list(statuses or (200,))
        self._body, self._delay, self._pause = body, delay, pause

    def __enter__(self) -> Self:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == PATH
                hook.received.append(
                    json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                )
                time.sleep(hook._delay)
                status = hook._statuses.pop(0) if len(hook._statuses) > 1 else hook._statuses[0]
                if not status:
                    return
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", hook.url)
                with contextlib.suppress(
                    OSError
                ):  # the client may have disconnected after the status
                    self.end_headers()
                    time.sleep(hook._pause)
                    self.wfile.write(hook._body.encode())

            def log_message(self, *_: object) -> None:
                """Discard the log messages of the base class."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}{PATH}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def texts(self) -> list[str]:
        return [str(message["text"]) for message in self.received]
