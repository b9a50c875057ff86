"""The list of all models: `GET /models?limit=&cursor=`, page by page.

{"models": [{"id": "aurora-large-1", …}, …], "next_cursor": "MjAw", "total": 335}
"""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlencode

from llm_stats.api.responses import Body
from llm_stats.api.transport import Errand
from llm_stats.errors import NothingFetched
from llm_stats.ids import cleaned, is_askable

_PAGE_SIZE = 200


def list_ids(base_url: str, ask: Callable[[Errand], Body], keep: Callable[[Errand, Body], None]) -> list[str]:
    """Every id on the list. It ends with the last cursor, or with a page that brings nothing new: cursors alone could go on for ever.

    `ask` gets a page, `keep` saves it. Raises `NothingFetched` if it is no list or an empty one, and what `ask` raises.
    """
    ids: dict[str, None] = {}
    cursor = None
    while True:
        errand = Errand(f"{base_url}/models?{urlencode({'limit': _PAGE_SIZE} | ({'cursor': cursor} if cursor else {}))}")
        body = ask(errand)
        found, cursor = _page(body.content, base_url)
        keep(errand, body)
        new = dict.fromkeys(found).keys() - ids.keys()
        ids |= dict.fromkeys(found)
        if not cursor or not new:
            break
    if not (askable := [model_id for model_id in cleaned(list(ids)) if is_askable(model_id)]):
        raise NothingFetched(f"{base_url}/models lists no models; wrong base URL?")
    return askable


def _page(content: bytes, base_url: str) -> tuple[list[str], str | None]:
    """The ids of a page, and the cursor of the next."""
    try:
        page = json.loads(content)
        return [str(entry["id"] or "") for entry in page["models"]], page.get("next_cursor")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NothingFetched(f"{base_url}/models did not answer a list of models; wrong base URL?") from None
