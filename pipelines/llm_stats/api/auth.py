"""One HTTP session with the API, and its key: how the key goes out, and how it is kept out of all that comes back."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import requests

from llm_stats._version import __version__
from llm_stats.errors import UsageError

_MIN_SECRET_LENGTH = 8
_ESCAPE = re.compile(rb"\\(?:u00[2-7]|[/\"\\])")  # how JSON may spell what it need not


class BearerAuth(requests.auth.AuthBase):
    """The key as a header. Set as `auth`, it also keeps a `.netrc` from replacing it."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._in_any_spelling = (
            _json_escaped_pattern(key) if len(key) >= _MIN_SECRET_LENGTH else None
        )

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request

    def redact(self, text: str) -> str:
        """A server may echo the key."""
        return text.replace(self._key, "***") if self._key else text

    def redact_body(self, body: bytes) -> bytes:
        """Even a record may hold the key, in any spelling of JSON. One as short as a word stays: replacing it would change the record."""
        if self._in_any_spelling is None:
            return body
        plain = body.replace(self._key.encode(), b"***")
        return self._in_any_spelling.sub(b"***", plain) if _ESCAPE.search(plain) else plain


class HttpSession(requests.Session):
    """Connections for `concurrency` threads. Raises `UsageError` if the environment names certificates that are not there."""

    def __init__(self, base_url: str, key: BearerAuth, concurrency: int) -> None:
        super().__init__()
        self.auth = key
        self.trust_env = urlsplit(base_url).hostname not in (
            "127.0.0.1",
            "::1",
            "localhost",
        )  # no proxy leads to this machine
        self.headers.update({"User-Agent": f"llm-stats/{__version__}", "Accept-Encoding": "gzip"})
        adapter = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=concurrency)
        for scheme in ("http://", "https://"):
            self.mount(scheme, adapter)
        bundle = self.merge_environment_settings(base_url, {}, None, None, None)["verify"]
        if base_url.startswith("https:") and isinstance(bundle, str) and not Path(bundle).exists():
            raise UsageError(
                f"REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names {bundle}, which does not exist; correct it, or unset it"
            )

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: to look where a redirect leads, requests reads its body, within no bounds, and fails on an address that is none."""


def _json_escaped_pattern(key: str) -> re.Pattern[bytes]:
    """Finds the key in JSON, each of its letters as it is or escaped: `sk\\u002dlive`."""
    spellings = (
        rf"(?:{re.escape(letter)}|\\u00(?i:{ord(letter):02x})"
        + (rf"|\\{re.escape(letter)})" if letter in '/"\\' else ")")
        for letter in key
    )
    return re.compile("".join(spellings).encode())
