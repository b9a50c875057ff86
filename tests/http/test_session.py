"""HTTP session: request headers, connections, certificates, proxies."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from llm_stats.errors import UsageError
from llm_stats.fetch.client import Client
from llm_stats.sample import SAMPLE_KEY, SampleApi
from support.client_helpers import ONE, RECORDS, fetched
from support.raw_server import forward, raw_server


@pytest.fixture
def api() -> Iterator[SampleApi]:
    with SampleApi(RECORDS) as api:
        yield api


def test_requests_have_a_user_agent_and_accept_gzip(api: SampleApi) -> None:
    fetched(api, [ONE])
    headers = api.requests[0].headers
    assert headers["user-agent"].startswith("llm-stats/")
    assert "gzip" in headers["accept-encoding"]
    assert headers["authorization"] == f"Bearer {SAMPLE_KEY}"


def test_connections_are_reused(api: SampleApi, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def count(*_: object) -> bool:
        opened.append(1)
        return True

    monkeypatch.setattr(api._server, "verify_request", count)
    fetched(api, concurrency=2)
    assert len(opened) <= 2


@pytest.mark.parametrize("host", ["api.invalid", "127.0.0.1"])
def test_missing_certificate_bundle_is_an_error_before_any_request(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/ca.pem")
    with pytest.raises(UsageError, match=r"REQUESTS_CA_BUNDLE.*/nonexistent/ca\.pem"):
        Client(f"https://{host}/stats/v1", SAMPLE_KEY)


def test_dead_proxy_is_named_without_its_credentials(
    api: SampleApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        proxy = f"127.0.0.1:{unused.getsockname()[1]}"
    for variable in ("HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(variable, f"http://user:secret@{proxy}/path")
    for scheme in ("https", "http"):
        base_url = f"{scheme}://api.invalid/stats/v1"
        answers, _ = fetched(api, [ONE], base_url=base_url, max_attempts=1)
        assert answers[ONE].fetch.message == (
            f"no response from {base_url} through the proxy http://{proxy}: Connection refused"
        )
    answers, _ = fetched(api, [ONE])
    assert answers[ONE].fetch.outcome == "loaded", "a server on this machine needs no proxy"


def test_models_are_fetched_through_a_proxy(
    api: SampleApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(api.base_url.split(":")[2].split("/")[0])
    with raw_server(forward(port)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{proxy}")
        answers, _ = fetched(api, [ONE], base_url="http://api.invalid/stats/v1")
    assert answers[ONE].fetch.outcome == "loaded"


@pytest.mark.parametrize("proxy", ["http://user:secret@", "http://user:secret@host:port"])
def test_invalid_proxy_is_an_error_before_any_request(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(UsageError, match="HTTPS_PROXY or ALL_PROXY is not the URL") as failed:
        Client("https://api.invalid/stats/v1", SAMPLE_KEY)
    assert "secret" not in str(failed.value)
