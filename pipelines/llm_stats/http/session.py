"""HTTP session of the API client: headers, proxy and certificates, determined once."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from llm_stats._version import __version__
from llm_stats.errors import UsageError
from llm_stats.http.auth import BearerAuth
from llm_stats.http.deadline import DeadlineSession

_LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")


class HttpSession(DeadlineSession):
    """HTTP connections for `concurrency` threads; `proxy` is the proxy's URL, or None.

    Headers, proxy and certificate bundle are the same for every request, so they are determined
    once. Requests then do not read the environment, which another thread may be changing.

    Raises `UsageError` if the environment names a certificate bundle that does not exist, or a
    proxy that is not a URL.
    """

    def __init__(
        self, base_url: str, auth: BearerAuth, concurrency: int, exchange_seconds: float
    ) -> None:
        super().__init__(exchange_seconds, pool_size=concurrency)
        self.auth = auth
        self.headers.update({"User-Agent": f"llm-stats/{__version__}", "Accept-Encoding": "gzip"})
        self._template = self.prepare_request(requests.Request("GET", base_url))
        self._settings = self.merge_environment_settings(base_url, {}, True, None, None)
        if urlsplit(base_url).hostname in _LOCAL_HOSTS:
            self._settings["proxies"] = {}  # a proxy cannot reach a server on this machine
        self.proxy = _without_credentials(base_url, self._settings["proxies"])
        bundle = self._settings["verify"]
        if base_url.startswith("https:") and isinstance(bundle, str) and not Path(bundle).exists():
            raise UsageError(
                f"REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE: {bundle} does not exist; "
                "correct or unset the variable"
            )

    def open(
        self, url: str, timeout: tuple[float, float], headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Send a GET request; return the response before its body is read."""
        request = self._template.copy()
        request.prepare_url(url, None)
        request.headers.update(headers or {})
        return self.send(request, timeout=timeout, allow_redirects=False, **self._settings)


def environment_proxy(url: str) -> str | None:
    """Return the proxy that the environment sets for a URL, without the proxy's credentials."""
    return _without_credentials(url, requests.utils.get_environ_proxies(url))


def _without_credentials(url: str, proxies: MutableMapping[str, str]) -> str | None:
    proxy = requests.utils.select_proxy(url, proxies)
    if not proxy:
        return None
    try:
        parsed = parse_url(proxy if "://" in proxy else f"http://{proxy}")
    except LocationParseError:
        parsed = None
    if parsed is None or not parsed.host:  # the proxy is not printed: it may contain a password
        variable = f"{urlsplit(url).scheme.upper()}_PROXY"
        raise UsageError(
            f"{variable} or ALL_PROXY is not the URL of a proxy; correct or unset the variable"
        )
    return f"{parsed.scheme}://{parsed.netloc}"
