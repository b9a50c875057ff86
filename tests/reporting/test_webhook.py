"""Webhook: which runs are reported, untrusted names, error messages without the URL."""

from __future__ import annotations

import html
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from llm_stats import __version__, sample
from llm_stats.errors import UsageError
from llm_stats.queries.attribution import SAMPLE_TEXT
from llm_stats.reporting import webhook
from llm_stats.reporting.webhook import Webhook, WebhookError, format_message, post_message
from llm_stats.sample import SampleApi
from llm_stats.settings import Settings
from support.command import Command
from support.raw_server import raw_server, repeated
from support.webhook_server import PATH, WebhookServer

SECRETS = [part for part in PATH.split("/") if len(part) > 3]


def summary(**values: Any) -> dict[str, Any]:
    """Return the summary of a successful run without changes or problems.

    `values` replaces or adds fields.
    """
    success = {
        "exit_code": 0,
        "kind": "done",
        "message": "2 models requested: 2 loaded; 2 requests in 0.1 s",
    }
    return (
        success
        | {
            "outcomes": {"deferred": 0},
            "catalog": None,
            "stop": None,
            "problems": [],
            "new_models": [],
            "changes": [],
            "attribution": None,
        }
        | values
    )


def change(
    description: str, size_pct: float | None = 50, kind: str = "price_changed"
) -> dict[str, Any]:
    return {"kind": kind, "change": description, "size_pct": size_pct}


def catalog(**values: Any) -> dict[str, Any]:
    """Return a complete read that is not trusted; `values` override the defaults."""
    numbers = {"pages": 2, "models": 335, "total": 335, "changed": 0, "rejected": 0, "missing": 0}
    flags = {"has_summaries": True, "is_trusted": False, "cut_off": None, "gap": None}
    return numbers | {"listed_before": 335} | flags | values


def block(message: str) -> list[str]:
    """Return the lines of the only code block of a message, as displayed.

    Only the attribution may follow the block.
    """
    match = re.fullmatch(r"[^`]*\n```\n([^`]*)\n```(?:\nS[^\n]+)?", message)
    assert match, message
    return html.unescape(match[1]).splitlines()


class TestText:
    def test_run_without_news_is_not_reported(self) -> None:
        assert format_message(summary(attribution="Source: LLM Stats")) == ""

    def test_last_line_names_the_source(self) -> None:
        line = "Source: LLM Stats (https://llm-stats.com), retrieved 2026-11-23."
        message = format_message(summary(changes=[change("m at p: listed")], attribution=line))
        assert message.endswith(f"\n```\nm at p: listed\n```\n{line}")

    @pytest.mark.parametrize(
        ("values", "line"),
        [
            (
                {"cut_off": "failed", "gap": "page 2 did not arrive: HTTP 500"},
                "catalog incomplete: page 2 did not arrive: HTTP 500",
            ),
            (
                {"missing": 90},
                "catalog not trusted, no model unlisted: 90 of 335 listed models are missing; "
                "if they left, add --allow-failure models_left",
            ),
            (
                {"has_summaries": False},
                "catalog: no summary is valid; only its ids are used",
            ),
        ],
    )
    def test_problem_with_the_catalog_is_reported(self, values: dict[str, Any], line: str) -> None:
        assert block(format_message(summary(catalog=catalog(**values)))) == [line]

    def test_catalog_without_a_problem_is_not_reported(self) -> None:
        assert format_message(summary(catalog=catalog(is_trusted=True))) == ""
        assert format_message(summary(catalog=catalog(gap="the API did not send the total"))) == ""
        stop = {"kind": "budget", "message": "the budget of 1 request is spent"}
        cut_off = catalog(cut_off="deferred", gap="page 2 did not arrive")
        assert format_message(summary(catalog=cut_off, stop=stop)) == ""

    def test_changes_and_new_models_are_reported(self) -> None:
        text = format_message(
            summary(changes=[change("m at p: output 7.00 → 2.19 (−69 %)")], new_models=["n"])
        )
        assert text.startswith(
            "llm-stats: 2 models requested: 2 loaded; 2 requests in 0.1 s; 1 new model, 1 "
            "change\n```\n"
        )
        assert block(text) == ["new model: n", "m at p: output 7.00 → 2.19 (−69 %)"]

    def test_only_small_price_changes_are_omitted(self) -> None:
        changes = [
            change("infinite", None),
            change("big", 10.1),
            change("small", 100 * (5.5 / 5 - 1)),
            change("gone", 1, "delisted"),
            change("score", 1, "corrected"),
        ]
        assert block(format_message(summary(changes=changes), 10)) == [
            "infinite",
            "big",
            "gone",
            "score",
        ]
        assert format_message(summary(changes=changes[2:3]), 10) == ""
        assert block(format_message(summary(changes=changes[2:3]))) == ["small"]

    def test_problems_and_an_early_stop_are_reported_without_news(self) -> None:
        failed = {"model_id": "m", "outcome": "failed", "message": "HTTP 500"}
        assert block(
            format_message(summary(exit_code=4, kind="incomplete", problems=[failed]))
        ) == ["failed: m: HTTP 500"]
        stop = {"kind": "quota", "message": "the quota is spent"}
        text = format_message(
            summary(exit_code=75, kind="deferred", stop=stop, outcomes={"deferred": 1})
        )
        assert block(text) == ["stopped early: the quota is spent; 1 deferred to a later run"]

    def test_spent_budget_alone_is_not_reported(self) -> None:
        stop = {"kind": "budget", "message": "the budget of 1 request is spent"}
        ended: dict[str, Any] = {
            "exit_code": 75,
            "kind": "deferred",
            "stop": stop,
            "outcomes": {"deferred": 1},
        }
        assert format_message(summary(**ended)) == ""
        assert "stopped early" in format_message(summary(**ended, new_models=["n"]))

    def test_error_is_reported_with_all_its_lines(self) -> None:
        text = format_message(
            {
                "exit_code": 5,
                "kind": "check_failed",
                "message": "nothing was published\n  error: a\nrun again",
            }
        )
        assert text.startswith("llm-stats failed: check failed (exit code 5)\n")
        assert block(text) == ["nothing was published", "  error: a", "run again"]

    def test_interrupt_is_not_reported(self) -> None:
        assert (
            format_message({"exit_code": 130, "kind": "interrupted", "message": "interrupted"})
            == ""
        )

    @pytest.mark.parametrize(
        "name",
        [
            "<!channel>",
            "<@U123>",
            "<https://evil.example|good>",
            "@channel",
            "https://evil.example",
            "```\n<!here>",
            "a&lt;b",
            "\u202ex\x1b[31m\x00\r\n",
        ],
    )
    def test_name_is_only_text(self, name: str) -> None:
        text = format_message(summary(changes=[change(f"{name}: 1 → 2")]))
        (line,) = block(text)
        assert "<" not in text
        assert not re.search(
            "[<>@`]|://|[\x00-\x1f\u202e]",
            re.sub("&(lt|gt|amp);", "", text.split("```")[1].strip("\n")),
        )
        if name in ("<!channel>", "a&lt;b"):
            assert line == f"{name}: 1 → 2"

    def test_message_length_is_bounded(self) -> None:
        many = format_message(summary(changes=[change(f"m{n}") for n in range(500)]))
        assert block(many) == [*(f"m{n}" for n in range(20)), "and 480 more"]
        long = format_message(summary(changes=[change("&" * 10_000) for _ in range(30)]))
        assert len(long) < 2000
        assert block(long) == ["&" * 200 + "…", "and 29 more"]
        assert not re.search("&(?!amp;)", long)


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_EXCHANGE_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(webhook, "_BACKOFF_SECONDS", 0.01)


def test_requests_have_timeouts_and_attempts_have_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    timeouts: list[object] = []
    pauses: list[float] = []

    def refuse(session: requests.Session, url: str, **options: Any) -> None:
        timeouts.append(options["timeout"])
        assert options["headers"] == {"User-Agent": f"llm-stats/{__version__}"}
        assert not options["allow_redirects"]
        raise requests.ConnectionError("refused")

    monkeypatch.setattr("requests.Session.post", refuse)
    monkeypatch.setattr("time.sleep", pauses.append)
    with pytest.raises(WebhookError, match="no connection: refused") as raised:
        post_message("https://hook.example/x", "text")
    assert raised.value.transient
    assert timeouts == [(10, 30)] * 3
    assert pauses == [1, 2]


def test_webhook_without_a_start_posts_nothing() -> None:
    """A run whose settings cannot be read ends without a start."""
    Webhook().finish({"exit_code": 2, "kind": "usage_error", "message": "x"})
    assert Webhook.name == "webhook"
    with pytest.raises(UsageError, match="cannot notify: there is no webhook; set SOURCES__LLM"):
        Webhook().start(Settings.read())


@pytest.mark.usefixtures("short_timeouts")
class TestPost:
    def test_message_has_slacks_format(self) -> None:
        with WebhookServer() as hook:
            post_message(hook.url, "hello")
        assert hook.received == [{"text": "hello", "unfurl_links": False, "unfurl_media": False}]

    @pytest.mark.parametrize("statuses", [(500, 200), (503, 429, 200)])
    def test_transient_error_is_retried(self, statuses: tuple[int, ...]) -> None:
        with WebhookServer(*statuses) as hook:
            post_message(hook.url, "hello")
        assert len(hook.received) == len(statuses)

    @pytest.mark.parametrize(
        ("hook", "cause", "attempts"),
        [
            (WebhookServer(500), "HTTP 500: ok", 3),
            (WebhookServer(429, body=""), "HTTP 429", 3),
            (WebhookServer(404, body="no_service"), "HTTP 404: no_service", 1),
            (WebhookServer(403, body=f"you asked for {PATH}"), "HTTP 403", 1),
            (WebhookServer(403, body="cccsecretccc"), "HTTP 403: ***", 1),
            (WebhookServer(404, pause=1), "HTTP 404", 1),
            (WebhookServer(307), "HTTP 307: ok", 1),
            (WebhookServer(delay=1), "no response within 0.2 s; the message may have arrived", 1),
            (WebhookServer(0), "no connection: Remote end closed connection without response", 1),
        ],
        ids=[
            "500",
            "429",
            "404",
            "echoed path",
            "echoed secret",
            "no body",
            "redirect",
            "timeout",
            "closed connection",
        ],
    )
    def test_error_has_the_cause(self, hook: WebhookServer, cause: str, attempts: int) -> None:
        with hook, pytest.raises(WebhookError) as failed:
            post_message(hook.url, "hello")
        assert str(failed.value) == f"cannot post to the webhook: {cause}"
        assert len(hook.received) == attempts

    def test_only_a_part_of_the_url_that_can_be_secret_is_redacted(self) -> None:
        url = "https://hook.example/T/e/secret?x=key1/"
        assert webhook._redact_url(": no_service", url) == ": no_service"
        assert webhook._redact_url(": not found", url) == ": not found"
        for text in ("the secret", "key1", "hook.example"):
            assert webhook._redact_url(text, url) == ": ***"

    def test_slow_headers_end_at_the_deadline(self) -> None:
        """Bytes keep arriving, but the headers never end."""
        with (
            raw_server(repeated(b"HTTP/1.1 200 OK\r\nX: ", b"x", pause=0.02)) as port,
            pytest.raises(WebhookError, match=r"no response within 0\.2 s"),
        ):
            post_message(f"http://127.0.0.1:{port}{PATH}", "hello")

    def test_dead_proxy_is_named_without_its_credentials(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://user:secret@127.0.0.1:1")
        with pytest.raises(WebhookError) as failed:
            post_message(f"http://hook.invalid{PATH}", "hello")
        assert str(failed.value) == (
            "cannot post to the webhook: no connection through the proxy http://127.0.0.1:1: "
            "Connection refused"
        )

    def test_refused_connection(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}{PATH}"
        with pytest.raises(
            WebhookError, match=r"^cannot post to the webhook: no connection: Connection refused$"
        ) as failed:
            post_message(url, "hello")
        assert failed.value.transient

    @pytest.mark.parametrize(
        "url",
        [
            "hooks.example" + PATH,
            "https://" + PATH,
            f"ftp://x{PATH}",
            f"http://[{PATH}",
            f"http://x:port{PATH}",
            "\0",
        ],
    )
    def test_invalid_url(self, url: str) -> None:
        with pytest.raises(
            WebhookError,
            match=(
                r"^cannot post to the webhook: webhook_url is not a URL such as "
                r"https://hooks\.slack\.com/…$"
            ),
        ):
            post_message(url, "hello")

    def test_unknown_host_is_not_printed(self) -> None:
        with pytest.raises(WebhookError) as failed:
            post_message(f"http://nowhere.invalid{PATH}", "hello")
        assert "nowhere" not in str(failed.value)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch, workdir: Path) -> Iterator[WebhookServer]:
    with WebhookServer() as listening:
        monkeypatch.setenv("SOURCES__LLM_STATS__WEBHOOK_URL", listening.url)
        yield listening


@pytest.mark.slow
@pytest.mark.usefixtures("two_days")
def test_run_with_news_is_reported_and_a_failed_webhook_keeps_the_exit_code(
    llm_stats: Command, api: SampleApi, workdir: Path
) -> None:
    """The webhook rejects the message. A later run without news sends none."""
    changed = sample.today()[0]
    changed["providers"][0]["input_price_per_m"] = 1.5
    changed["providers"][1]["provider_id"] = "<!channel>"
    new = changed | {"id": "new-model"}
    api.publish([changed, new])
    secrets = workdir / ".dlt" / "secrets.toml"
    secrets.parent.mkdir()
    with WebhookServer(404, body="no_service") as hook:
        secrets.write_text(f'[sources.llm_stats]\nwebhook_url = "{hook.url}"\n')
        given = (changed["id"], "new-model", "--notify", "--base-url", api.base_url)
        done = llm_stats("--debug", "run", "no-such-model", *given)
        later = llm_stats("run", *given, "--max-age", "1d")
    assert done.code == 4
    assert later.code == 0
    (text,) = hook.texts
    assert "3 models requested: 2 loaded, 1 not_found" in text
    assert text.endswith(f"\n```\n{SAMPLE_TEXT}")
    not_found, new_model, *changes = block(text)
    assert not_found.startswith("not_found: no-such-model: HTTP 404")
    assert new_model == "new model: new-model"
    assert f"{changed['id']} at northlight: input 5.00 → 1.50 (−70 %)" in changes
    assert any(change.startswith(f"{changed['id']} at <!channel>: ") for change in changes)
    warning = "llm-stats: cannot post to the webhook: HTTP 404: no_service"
    assert warning in done.err.splitlines()
    written = [
        file.read_bytes().decode("latin-1")
        for file in workdir.rglob("*")
        if file.is_file() and file != secrets
    ]
    for secret in SECRETS:
        assert not [text for text in (done.out, done.err, *written) if secret in text]


def test_run_that_fetched_nothing_is_reported(
    run: Command, hook: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_STATS_API_KEY", "wrong-key")
    assert run("--all", "--notify").code == 3
    (text,) = hook.texts
    assert text.startswith("llm-stats failed: nothing fetched (exit code 3)\n")
    assert "the API rejected the key" in text
    assert "wrong-key" not in text


def test_without_notify_nothing_is_posted(
    llm_stats: Command, api: SampleApi, hook: WebhookServer
) -> None:
    assert llm_stats("run", "--all", "--base-url", api.base_url.replace("/stats", "")).code == 3
    assert hook.received == []


def test_notify_without_a_webhook_is_an_error_before_the_first_request(
    llm_stats: Command, api: SampleApi
) -> None:
    done = llm_stats("run", "murmur-1", "--notify", "--base-url", api.base_url)
    assert done.code == 2
    assert api.requests == []
    assert done.err.startswith(
        "llm-stats: cannot notify: there is no webhook; set SOURCES__LLM_STATS__WEBHOOK_URL, "
        "or webhook_url in .dlt/secrets.toml"
    )
