"""Webhook messages in Slack's format; Mattermost, Rocket.Chat and Discord (`/slack`) accept it.

    {"text": "llm-stats: 335 models requested: 335 loaded; …\\n```\\n…\\n```\\nSource: …", …}

The URL is a secret, because anyone who knows the URL can post messages. No error message contains
any part of the URL. Untrusted text from the API is put into a code block. Characters that could
close the block are replaced, and links and mentions are disabled.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import requests
import tenacity
import urllib3.exceptions

from llm_stats._version import __version__
from llm_stats.api.responses import root_cause_message
from llm_stats.errors import LlmStatsError, UsageError
from llm_stats.http.deadline import DeadlineSession
from llm_stats.http.session import environment_proxy
from llm_stats.pipeline.result import is_failure
from llm_stats.queries.changes import is_small
from llm_stats.text import escape_control_chars, pluralize, truncate_end

if TYPE_CHECKING:
    from llm_stats.settings import Settings

_MAX_ATTEMPTS = 3
_CONNECT_TIMEOUT_SECONDS = 10.0
_EXCHANGE_TIMEOUT_SECONDS = 30.0
_BACKOFF_SECONDS = 1.0
_MAX_LINES = 20
_MAX_LINE_CHARACTERS = 201
#: Discord rejects messages over 2,000 characters. Slack splits messages over 4,000 characters,
#: which breaks the code block.
_MAX_CHARACTERS = 1800
#: Replacements of characters in text from the API. A backquote can close the code block. Some chat
#: services turn `@` into a mention and `://` into a link, even inside a code block.
NEUTRALIZED = {"`": "'", "@": "＠", "://": "：//"}


class WebhookError(LlmStatsError):
    """Error in posting a message to the webhook; if `transient`, a retry may succeed."""

    def __init__(self, cause: str, *, transient: bool = False) -> None:
        super().__init__(f"cannot post to the webhook: {cause}")
        self.transient = transient


class Webhook:
    """The sink of `--notify`: posts a message to `webhook_url` if there is something to report."""

    name = "webhook"

    def __init__(self) -> None:
        self._settings: Settings | None = None

    def start(self, settings: Settings) -> None:
        """Keep the settings for `finish`. Raise `UsageError` if no webhook URL is set."""
        if not settings.webhook_url:
            raise UsageError(
                "cannot notify: there is no webhook; set SOURCES__LLM_STATS__WEBHOOK_URL, "
                "or webhook_url in .dlt/secrets.toml under [sources.llm_stats]"
            )
        self._settings = settings

    def finish(self, summary: dict[str, Any]) -> None:
        """Post the message. Do nothing if `start` was not called. Raise `WebhookError`."""
        if not self._settings or not self._settings.webhook_url:
            return
        if text := format_message(summary, self._settings.notify_min_change_pct):
            post_message(self._settings.webhook_url.get_secret_value(), text)


def format_message(summary: dict[str, Any], above_pct: float = 0) -> str:
    """Return the message about a run, given its summary; empty if there is nothing to report.

    Each of these is reported:

    - a change or a new model; price changes of `above_pct` percent or less are omitted
    - a model that did not load
    - a catalog that was cut off, has no valid summary, or lacks too many models
    - an early stop
    - an error other than Ctrl-C

    After a stop because of `max_requests`, the stop and the catalog alone cause no message.
    """
    if summary["exit_code"] == 130:  # the user pressed Ctrl-C
        return ""
    if is_failure(summary):
        kind = summary["kind"].replace("_", " ")
        heading = f"llm-stats failed: {kind} (exit code {summary['exit_code']})"
        return f"{heading}\n{_format_code_block(summary['message'].splitlines())}"
    changes = [change["change"] for change in summary["changes"] if not is_small(change, above_pct)]
    new_models, stop = summary["new_models"], summary["stop"]
    problems = list(_format_problems(summary))
    is_budget_spent = stop and stop["kind"] == "budget"
    is_worth_reporting = summary["problems"] if is_budget_spent else problems
    if not (changes or new_models or is_worth_reporting):
        return ""
    lines = [
        *problems,
        *(f"new model: {model_id}" for model_id in new_models),
        *changes,
    ]
    counts = f"{pluralize(len(new_models), 'new model')}, {pluralize(len(changes), 'change')}"
    quota = summary.get("quota")
    left = f"; {quota['remaining']} quota units left" if quota else ""
    source = f"\n{summary['attribution']}" if summary["attribution"] else ""
    return f"llm-stats: {summary['message']}; {counts}{left}\n{_format_code_block(lines)}{source}"


def post_message(url: str, text: str) -> None:
    """Send a message; retry transient errors. Raises `WebhookError` if it could not be sent."""
    tenacity.Retrying(
        stop=tenacity.stop_after_attempt(_MAX_ATTEMPTS),
        wait=tenacity.wait_exponential(_BACKOFF_SECONDS),
        retry=tenacity.retry_if_exception(
            lambda error: isinstance(error, WebhookError) and error.transient
        ),
        reraise=True,
    )(_post_once, url, text)


def _post_once(url: str, text: str) -> None:
    try:
        with (
            DeadlineSession(_EXCHANGE_TIMEOUT_SECONDS) as session,
            session.post(
                url,
                json={"text": text, "unfurl_links": False, "unfurl_media": False},
                headers={"User-Agent": f"llm-stats/{__version__}"},
                timeout=(_CONNECT_TIMEOUT_SECONDS, _EXCHANGE_TIMEOUT_SECONDS),
                allow_redirects=False,  # a redirect must not send the message to another URL
                stream=True,  # do not wait for the body, which may be large or slow
            ) as response,
        ):
            status, reason = response.status_code, _read_slack_error(response)
    except requests.ReadTimeout:  # no retry: the message may have arrived
        raise WebhookError(
            f"no response within {_EXCHANGE_TIMEOUT_SECONDS:g} s; the message may have arrived"
        ) from None
    except requests.ConnectionError as error:
        # the server closed the connection without a response, or the response was invalid
        is_sent = isinstance(error.args[0], urllib3.exceptions.ProtocolError)
        proxy = environment_proxy(url)
        raise WebhookError(
            f"no connection{f' through the proxy {proxy}' if proxy else ''}"
            f"{_redact_url(f': {root_cause_message(error)}', url)}",
            transient=not is_sent,
        ) from None
    except Exception:  # an invalid URL raises many kinds of errors; all contain the URL
        raise WebhookError("webhook_url is not a URL such as https://hooks.slack.com/…") from None
    if not 200 <= status < 300:
        raise WebhookError(
            f"HTTP {status}{_redact_url(reason, url)}", transient=status == 429 or status >= 500
        )


def _read_slack_error(response: requests.Response) -> str:
    """Return Slack's error code after a colon, such as `: no_service`; empty if there is none."""
    if response.status_code < 300:
        return ""
    try:
        body = response.raw.read1(100, decode_content=True).decode("ascii", "replace")
    except (OSError, urllib3.exceptions.HTTPError):
        return ""
    return f": {body}" if re.fullmatch(r"[a-z_]+", body) else ""


def _redact_url(text: str, url: str) -> str:
    """Return `: ***` if `text` contains a part of the URL, otherwise `text`."""
    return (
        ": ***"
        if any(part in text for part in re.split(r"[/:?&=#@]+", url) if len(part) > 3)
        else text
    )


def _format_problems(summary: dict[str, Any]) -> Iterator[str]:
    """Yield lines for an early stop, for the catalog, and for each model that did not load."""
    if summary["stop"]:
        deferred = summary["outcomes"]["deferred"]
        yield f"stopped early: {summary['stop']['message']}; {deferred} deferred to a later run"
    catalog = summary["catalog"]
    if catalog and catalog["cut_off"]:
        yield f"catalog incomplete: {catalog['gap']}"
    if catalog and not catalog["has_summaries"]:
        yield "catalog: no summary is valid; only its ids are used"
    elif catalog and not catalog["gap"] and not catalog["is_trusted"]:
        yield (
            f"catalog not trusted, no model unlisted: {catalog['missing']} of "
            f"{catalog['listed_before']} listed models are missing; if they left, add "
            "--allow-failure models_left"
        )
    for model in summary["problems"]:
        yield f"{model['outcome']}: {model['model_id']}: {model['message']}"


def _format_code_block(lines: list[str]) -> str:
    """Return a code block of the first lines, each truncated to a maximum length."""
    shown: list[str] = []
    remaining = _MAX_CHARACTERS
    for line in lines[:_MAX_LINES]:
        escaped = _neutralize(truncate_end(line, _MAX_LINE_CHARACTERS))
        remaining -= len(escaped) + 1
        if remaining < 0:
            break
        shown.append(escaped)
    if len(shown) < len(lines):
        shown.append(f"and {len(lines) - len(shown)} more")
    return "\n".join(["```", *shown, "```"])


def _neutralize(line: str) -> str:
    """Disable links, mentions and control characters: `<!channel>` → `&lt;!channel&gt;`."""
    text = escape_control_chars(line)
    for active, harmless in NEUTRALIZED.items():
        text = text.replace(active, harmless)
    return html.escape(text, quote=False)
