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

from llm_stats import __version__
from llm_stats.api.responses import cause
from llm_stats.pipeline.result import counted, is_failure
from llm_stats.terminal import safe

_TRIES = 3
_TIMEOUT_SECONDS = 10.0
_BACKOFF_SECONDS = 1.0
_MOST_LINES = 20
_MOST_CHARACTERS_A_LINE = 200
_MOST_CHARACTERS = 1800  # Discord refuses more than 2,000, Slack splits more than 4,000, and half a code block is none
#: The end of a code block, and what some receivers make a link or a mention even inside one.
_MUTED = {"`": "'", "@": "＠", "://": "：//"}


class Undelivered(Exception):
    """The webhook did not take the message. `transient`: it may, if it is tried again."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


def text(summary: dict[str, Any], above_pct: float = 0) -> str:
    """What to say of a run, from `Result.to_dict()` or `result.failure()`; empty if there is nothing to say.

    A run that brought neither changes nor new models is silent, unless something went wrong or the quota ended it; that a budget of one's
    own did is no news. Price changes of `above_pct` percent or less are left out.
    """
    if summary["kind"] == "interrupted":  # whoever stopped it knows
        return ""
    if is_failure(summary):
        return f"llm-stats ended with {summary['kind']} (exit code {summary['exit_code']})\n{_block(summary['message'].splitlines())}"
    told = [change for change in summary["changes"] if not _is_small(change, above_pct)]
    is_news = told or summary["new_models"] or summary["problems"] or (summary["stop"] and summary["stop"]["kind"] != "budget")
    if not is_news:
        return ""
    lines = [*_problems(summary), *(f"new model: {model_id}" for model_id in summary["new_models"]), *(change["change"] for change in told)]
    news = [counted(len(summary["new_models"]), "new model"), counted(len(told), "change")]
    return f"llm-stats: {summary['message']}; {', '.join(news)}\n{_block(lines)}"


def post(url: str, text: str) -> None:
    """Sends a message, with a few tries. Raises `Undelivered`."""
    tenacity.Retrying(
        stop=tenacity.stop_after_attempt(_TRIES),
        wait=tenacity.wait_exponential(_BACKOFF_SECONDS),
        retry=tenacity.retry_if_exception(lambda error: isinstance(error, Undelivered) and error.transient),
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
            status, words = response.status_code, _words(response)
    except requests.ReadTimeout:  # not tried again: the message may have arrived, and nobody wants it thrice
        raise Undelivered(f"no answer within {_TIMEOUT_SECONDS:g} s, though the message may have arrived") from None
    except requests.ConnectionError as error:
        is_sent = isinstance(error.args[0], broken.ProtocolError)  # the connection stood, and ended without an answer
        raise Undelivered(f"no connection{_harmless(f': {cause(error)}', url)}", transient=not is_sent) from None
    except Exception:  # requests has many words for an address that is none, and quotes it in all of them
        raise Undelivered("webhook_url is no address such as https://hooks.slack.com/…") from None
    if not 200 <= status < 300:
        raise Undelivered(f"HTTP {status}{_harmless(words, url)}", transient=status == 429 or status >= 500)


def _words(response: requests.Response) -> str:
    """What Slack says of an error, `: no_service` or `: channel_is_archived`; nothing if it is said in another way."""
    try:
        said = response.raw.read1(100, decode_content=True).decode("ascii", "replace")
    except (OSError, broken.HTTPError):
        return ""
    return f": {said}" if re.fullmatch(r"[a-z_]+", said) else ""


def _harmless(words: str, url: str) -> str:
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


def _block(lines: list[str]) -> str:
    """A code block of the first lines, each cut where it is too long."""
    shown: list[str] = []
    room = _MOST_CHARACTERS
    for line in lines[:_MOST_LINES]:
        escaped = _escaped(line if len(line) <= _MOST_CHARACTERS_A_LINE else f"{line[:_MOST_CHARACTERS_A_LINE]}…")
        room -= len(escaped) + 1
        if room < 0:
            break
        shown.append(escaped)
    if len(shown) < len(lines):
        shown.append(f"and {len(lines) - len(shown)} more")
    return "\n".join(["```", *shown, "```"])


def _escaped(line: str) -> str:
    """A line that steers no reader: `<!channel>` → `&lt;!channel&gt;`."""
    text = safe(line)
    for what, harmless in _MUTED.items():
        text = text.replace(what, harmless)
    return html.escape(text, quote=False)
