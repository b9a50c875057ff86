"""A message to a webhook, in the form that Slack and those that do as Slack (Mattermost, Rocket.Chat, Discord's `/slack`) take.

    {"text": "llm-stats: 335 models asked: 335 loaded; 337 requests in 402.1 s; 0 new models, 2 changes\\n```\\n…\\n```", …}

The address is a secret, for whoever has it can write there: no error says any part of it. What comes from the API is hostile: it stands
in a code block, where nothing is a link or a mention, and it cannot leave that block.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import requests
import tenacity
import urllib3.exceptions as broken

from llm_stats._version import __version__
from llm_stats.api.responses import root_cause_message
from llm_stats.pipeline.result import is_failure
from llm_stats.text import escape_control_chars, pluralize

_MAX_ATTEMPTS = 3
_TIMEOUT_SECONDS = 10.0
_BACKOFF_SECONDS = 1.0
_MAX_LINES = 20
_MAX_LINE_CHARACTERS = 200
_MAX_CHARACTERS = 1800  # Discord refuses more than 2,000, Slack splits more than 4,000, and half a code block is none
#: The end of a code block, and what some receivers make a link or a mention even inside one.
NEUTRALIZED = {"`": "'", "@": "＠", "://": "：//"}


class WebhookError(Exception):
    """The webhook did not take the message. `transient`: it may, if it is tried again."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


def format_message(summary: dict[str, Any], above_pct: float = 0) -> str:
    """What to say of a run, from `Result.to_dict()` or `result.failure()`; empty if there is nothing to say.

    A run that brought neither changes nor new models is silent, unless something went wrong or the quota ended it; that a budget of one's
    own did is no news. Price changes of `above_pct` percent or less are left out.
    """
    if summary["kind"] == "interrupted":  # whoever stopped it knows
        return ""
    if is_failure(summary):
        return f"llm-stats ended with {summary['kind']} (exit code {summary['exit_code']})\n{_code_block(summary['message'].splitlines())}"
    told = [change for change in summary["changes"] if not _is_small(change, above_pct)]
    is_news = told or summary["new_models"] or summary["problems"] or (summary["stop"] and summary["stop"]["kind"] != "budget")
    if not is_news:
        return ""
    lines = [*_problems(summary), *(f"new model: {model_id}" for model_id in summary["new_models"]), *(change["change"] for change in told)]
    news = [pluralize(len(summary["new_models"]), "new model"), pluralize(len(told), "change")]
    return f"llm-stats: {summary['message']}; {', '.join(news)}\n{_code_block(lines)}"


def post_message(url: str, text: str) -> None:
    """Sends a message, with a few tries. Raises `Undelivered`."""
    tenacity.Retrying(
        stop=tenacity.stop_after_attempt(_MAX_ATTEMPTS),
        wait=tenacity.wait_exponential(_BACKOFF_SECONDS),
        retry=tenacity.retry_if_exception(lambda error: isinstance(error, WebhookError) and error.transient),
        reraise=True,
    )(_post_once, url, text)


def _post_once(url: str, text: str) -> None:
    try:
        with requests.post(
            url,
            json={"text": text, "unfurl_links": False, "unfurl_media": False},
            headers={"User-Agent": f"llm-stats/{__version__}"},
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,  # the address goes nowhere else
            stream=True,  # a body of any size or slowness is not waited for
        ) as response:
            status, words = response.status_code, _slack_error(response)
    except requests.ReadTimeout:  # not tried again: the message may have arrived, and nobody wants it thrice
        raise WebhookError(f"no answer within {_TIMEOUT_SECONDS:g} s, though the message may have arrived") from None
    except requests.ConnectionError as error:
        is_sent = isinstance(error.args[0], broken.ProtocolError)  # the connection stood, and ended without an answer
        raise WebhookError(f"no connection{_redact_url(f': {root_cause_message(error)}', url)}", transient=not is_sent) from None
    except Exception:  # requests has many words for an address that is none, and quotes it in all of them
        raise WebhookError("webhook_url is no address such as https://hooks.slack.com/…") from None
    if not 200 <= status < 300:
        raise WebhookError(f"HTTP {status}{_redact_url(words, url)}", transient=status == 429 or status >= 500)


def _slack_error(response: requests.Response) -> str:
    """What Slack says of an error, `: no_service` or `: channel_is_archived`; nothing if it is said in another way."""
    try:
        said = response.raw.read1(100, decode_content=True).decode("ascii", "replace")
    except (OSError, broken.HTTPError):
        return ""
    return f": {said}" if re.fullmatch(r"[a-z_]+", said) else ""


def _redact_url(words: str, url: str) -> str:
    """The words, unless they hold a part of the address."""
    return ": ***" if any(part in words for part in re.split(r"[/:?&=#@]+", url) if len(part) > 3) else words


def _is_small(change: dict[str, Any], above_pct: float) -> bool:
    size_pct = change["size_pct"]  # null: beyond all measure
    return change["kind"] == "price_changed" and size_pct is not None and round(size_pct, 6) <= above_pct


def _problems(summary: dict[str, Any]) -> Iterator[str]:
    """Why a run is not simply done, line by line."""
    if summary["stop"]:
        yield f"stopped early: {summary['stop']['message']}; {summary['outcomes']['deferred']} left to the next run"
    for model in summary["problems"]:
        yield f"{model['outcome']}: {model['model_id']}: {model['message']}"


def _code_block(lines: list[str]) -> str:
    """A code block of the first lines, each cut where it is too long."""
    shown: list[str] = []
    room = _MAX_CHARACTERS
    for line in lines[:_MAX_LINES]:
        escaped = _neutralize(line if len(line) <= _MAX_LINE_CHARACTERS else f"{line[:_MAX_LINE_CHARACTERS]}…")
        room -= len(escaped) + 1
        if room < 0:
            break
        shown.append(escaped)
    if len(shown) < len(lines):
        shown.append(f"and {len(lines) - len(shown)} more")
    return "\n".join(["```", *shown, "```"])


def _neutralize(line: str) -> str:
    """A line that steers no reader: `<!channel>` → `&lt;!channel&gt;`."""
    text = escape_control_chars(line)
    for what, harmless in NEUTRALIZED.items():
        text = text.replace(what, harmless)
    return html.escape(text, quote=False)
