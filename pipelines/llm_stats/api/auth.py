"""API key and HTTP session: the authorization header, and redaction of the key in responses."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import requests

from llm_stats._version import __version__
from llm_stats.errors import UsageError

_LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")
_MIN_SECRET_LENGTH = 8
#: Start of a JSON escape that can encode a character of the key: `\u002d`, `\/`, `\"` or `\\`.
_ESCAPE = re.compile(rb"\\(?:u00[2-7]|[/\"\\])")


class BearerAuth(requests.auth.AuthBase):
    """The API key, sent in the `Authorization` header.

    As the `auth` of a session, it takes precedence over credentials in `.netrc`.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        is_long_enough = len(key) >= _MIN_SECRET_LENGTH
        self._pattern = _json_escaped_pattern(key) if is_long_enough else None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request

    def redact(self, text: str) -> str:
        """Return the text with `***` for the API key, because a server may echo the key."""
        return text.replace(self._key, "***") if self._key else text

    def redact_body(self, body: bytes) -> bytes:
        """Return a JSON body with `***` for the API key, even if the key contains JSON escapes.

        A key shorter than 8 characters is not replaced, because so short a string may also be an
        ordinary word in a record.
        """
        if self._pattern is None:
            return body
        redacted = body.replace(self._key.encode(), b"***")
        return self._pattern.sub(b"***", redacted) if _ESCAPE.search(redacted) else redacted


class HttpSession(requests.Session):
    """HTTP connections for `concurrency` threads; redirects are not followed.

    Headers, proxy and certificate bundle are the same for every request. They are determined once:
    this saves time, and no request reads the environment while another thread may change it.
    Raises `UsageError` if the environment names a certificate bundle that does not exist.
    """

    def __init__(self, base_url: str, auth: BearerAuth, concurrency: int) -> None:
        super().__init__()
        self.auth = auth
        # For a server on this machine, ignore the environment's proxy: it cannot reach the server.
        self.trust_env = urlsplit(base_url).hostname not in _LOCAL_HOSTS
        self.headers.update({"User-Agent": f"llm-stats/{__version__}", "Accept-Encoding": "gzip"})
        adapter = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=concurrency)
        for scheme in ("http://", "https://"):
            self.mount(scheme, adapter)
        self._template = self.prepare_request(requests.Request("GET", base_url))
        self._settings = self.merge_environment_settings(base_url, {}, True, None, None)
        bundle = self._settings["verify"]
        if base_url.startswith("https:") and isinstance(bundle, str) and not Path(bundle).exists():
            raise UsageError(
                f"REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE: {bundle} does not exist; "
                "correct or unset the variable"
            )

    def open(self, url: str, timeout: tuple[float, float]) -> requests.Response:
        """Send a GET request; return the response before its body is read."""
        request = self._template.copy()
        request.prepare_url(url, None)
        return self.send(request, timeout=timeout, allow_redirects=False, **self._settings)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: no response is treated as a redirect.

        Otherwise the requests library would read the body of a redirect without a limit, even with
        `allow_redirects=False`, and would raise an error for an invalid target URL.
        """


def _json_escaped_pattern(key: str) -> re.Pattern[bytes]:
    r"""Return a pattern that finds the key in JSON, even with escapes such as `sk\u002dlive`."""
    spellings = (
        rf"(?:{re.escape(letter)}|\\u00(?i:{ord(letter):02x})"
        + (rf"|\\{re.escape(letter)})" if letter in '/"\\' else ")")
        for letter in key
    )
    return re.compile("".join(spellings).encode())
