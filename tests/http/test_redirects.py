"""Redirects: those for a moved model id, and all others."""

from __future__ import annotations

import pytest
from llm_stats.http.redirects import describe_redirect

_BASE_URL = "https://api.test/stats/v1"


def describe(location: str | None, status: int = 301) -> str:
    return describe_redirect(status, location, f"{_BASE_URL}/models/old", _BASE_URL)


@pytest.mark.parametrize("status", [301, 308])
@pytest.mark.parametrize(
    "location",
    [
        "/stats/v1/models/new%2Fid",
        f"{_BASE_URL}/models/new%2Fid",
        "http://api.test/stats/v1/models/new%2Fid",
        "//API.test/stats/v1/models/new%2Fid",
    ],
)
def test_permanent_redirect_to_another_id_says_moved(status: int, location: str) -> None:
    assert describe(location, status) == "the model id moved to new/id; use the new id"


@pytest.mark.parametrize("status", [300, 302, 303, 307])
def test_other_redirect_to_another_id_does_not_say_moved(status: int) -> None:
    location = "/stats/v1/models/new"
    assert describe(location, status) == f"redirected to {location}; wrong base URL?"


@pytest.mark.parametrize(
    "location",
    [
        "login",
        "../models/new",
        f"{_BASE_URL}/models/login?next=/x",
        "/stats/v1/models/login?",
        "/v1/models/new",
        "/stats/v1/models/",
        "/stats/v1/models/..",
        "/stats/v1/models/a/b",
        "/stats/v1/models/old",
        "http://api.test/stats/v1/models/old",
        "https://other.test/stats/v1/models/new",
        "//other.test/stats/v1/models/new",
        "https://api.test:8443/stats/v1/models/new",
        "http://[::1",
        "",
    ],
)
def test_redirect_elsewhere_does_not_say_moved(location: str) -> None:
    assert describe(location) == f"redirected to {location}; wrong base URL?"


@pytest.mark.parametrize("status", [300, 301])
def test_redirect_without_location_is_named(status: int) -> None:
    assert describe(None, status) == "the response has no Location header; wrong base URL?"


def test_redirect_of_a_catalog_page_does_not_say_moved() -> None:
    location = f"{_BASE_URL}/models/new"
    message = describe_redirect(301, location, f"{_BASE_URL}/models?limit=200", _BASE_URL)
    assert message == f"redirected to {location}; wrong base URL?"
