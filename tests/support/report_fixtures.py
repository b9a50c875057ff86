"""Small warehouse files for tests of the report, made directly from records."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from llm_stats.sample import today, yesterday
from support.new_warehouse import new_warehouse
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

Documents = list[dict[str, Any]]
FIRST_DAY = dt.datetime(2026, 11, 20, 12)  # noqa: DTZ001  every stored time is UTC without a zone


def warehouse(file: Path, *days: Documents) -> Path:
    """Create a warehouse with one load a day."""
    with new_warehouse(file) as raw:
        load_days(raw, *days)
    return file


def load_days(raw: RawTables, *days: Documents) -> None:
    """Add one load a day: a read of the catalog, and all records of the day."""
    for day, documents in enumerate(days):
        loaded_at = FIRST_DAY + dt.timedelta(days=day)
        raw.read_catalog(documents, loaded_at)
        raw.load(documents, loaded_at)
        raw.apply()


def ranked(
    prices: dict[str, tuple[float | None, float | None]], benchmark_count: int = 3
) -> Documents:
    """Return a model for each entry of `prices`, with one offer and a score on each benchmark.

    Each model belongs to a different organization. The scores rise from model to model.
    """
    benchmarks = [f"b{number}" for number in range(1, benchmark_count + 1)]
    return [
        make_record(
            model_id,
            organization={"id": model_id, "name": model_id},
            providers=[make_offer("p", *prices[model_id])],
            scores=[
                make_score(name, 0.1 * place, category="code", normalized_score=0.1 * place)
                for name in benchmarks
            ],
        )
        for place, model_id in enumerate(prices)
    ]


#: Names that try to break out of the element or script that contains them.
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!--<script>",
    "\"'`${alert(1)}&lt;&amp;\\",
    "datum.value || alert(1)",
    "a[b].c\\.d",
    "\u202edlrow\u2066\u2028\u2029\x1b[31m\x00",
    "x" * 10_000,
    "title",
    "image",
    "__proto__",
    "constructor",
)


def hostile(price: float = 1) -> Documents:
    """Return records with hostile names and with content for each part of the page.

    `price` is added to the input price of every offer.
    """
    return [
        make_record(
            name,
            name=name,
            organization={"id": name, "name": name},
            providers=[
                make_offer(
                    seller,
                    place + price,
                    2 * place + 2,
                    provider_name=seller,
                    status="<b>" if seller == "image" else "active",
                )
                for seller in HOSTILE
            ],
            scores=[
                make_score(
                    benchmark,
                    0.1 + 0.05 * place,
                    benchmark_name=benchmark,
                    category=benchmark,
                    normalized_score=0.1 + 0.05 * place,
                    source_url="javascript:alert(1)",
                )
                for benchmark in HOSTILE
            ]
            + [
                make_score(
                    f"plain-{number}", 0.1 + 0.05 * place, category=HOSTILE[0], normalized_score=0.5
                )
                for number in range(3)
            ],
        )
        for place, name in enumerate(HOSTILE)
    ]


def few_benchmarks() -> Documents:
    """Return models with 13 benchmarks, and `thin` with 3, the minimum for a rank."""
    *covered, thin = ranked({"a": (1, 1), "b": (2, 2), "c": (3, 3), "thin": (4, 4)}, 13)
    return [*covered, thin | {"scores": thin["scores"][:3]}]


#: Catalogs that the page must be able to display; a price of `None` means "not published".
CATALOGS: dict[str, Documents] = {
    "empty": [],
    "one model": [
        make_record("only", providers=[make_offer("p", 1, 2)], scores=[make_score("b", 0.5)])
    ],
    "no scores": [
        make_record("a", providers=[make_offer("p", 1, 2)]),
        make_record("b", providers=[make_offer("p", 3, 4), make_offer("q", None, 4)]),
    ],
    "no offers": [
        make_record("a", scores=[make_score("b", 0.5)]),
        make_record("b", scores=[make_score("b", 0.6)]),
    ],
    "no prices": ranked({"a": (None, None), "b": (None, 0), "c": (1, None)}),
    "one benchmark": [
        make_record(
            name, providers=[make_offer("p", price, price)], scores=[make_score("b", price / 10)]
        )
        for name, price in (("a", 1), ("b", 2))
    ],
    "all free": ranked({"a": (0, 0), "b": (0, 0), "c": (0, 0)}),
    "suspect prices": ranked({"cheap": (1, 1), "fair": (2, 2), "lopsided": (0.01, 4)}),
    "few benchmarks": few_benchmarks(),
    "absurd prices": ranked(
        {"a": (1e-300, 1e-300), "b": (1e300, 1e300), "c": (5e-324, 0), "d": (1, 2)}
    ),
}


def price_history() -> tuple[Documents, ...]:
    """Return the catalogs of five days in which offers appear, disappear and change their price.

    - `alpha`: `p` halves the price on the third day; `q` has no offer on the second and third day.
    - `beta`: `p` raises the price on the third day; `r` adds an offer on the fourth day. Its prices
      are suspect, because they are far apart; the blended price is 1.
    - `gamma`: `p` publishes no price on the second day.
    """
    lopsided = (0.03, 3.91)
    days: tuple[dict[str, dict[str, float | tuple[float, float] | None]], ...] = (
        {"alpha": {"p": 10, "q": 8}, "beta": {"p": 2}, "gamma": {"p": 3}},
        {"alpha": {"p": 10}, "beta": {"p": 2}, "gamma": {"p": None}},
        {"alpha": {"p": 5}, "beta": {"p": 2.2}, "gamma": {"p": 3}},
        {"alpha": {"p": 5, "q": 8}, "beta": {"p": 2.2, "r": lopsided}, "gamma": {"p": 3}},
        {"alpha": {"p": 5, "q": 8}, "beta": {"p": 2.2, "r": lopsided}, "gamma": {"p": 3}},
    )
    scored = {record["id"]: record for record in ranked(dict.fromkeys(days[0], (1, 1)))}
    return tuple(
        [
            scored[model_id]
            | {
                "providers": [
                    make_offer(seller, *(price if isinstance(price, tuple) else (price, price)))
                    for seller, price in prices.items()
                ]
            }
            for model_id, prices in day.items()
        ]
        for day in days
    )


#: Name of a warehouse that several tests share -> the catalog of each day.
DAYS: dict[str, tuple[Documents, ...]] = {
    "sample": (yesterday(), today()),
    "hostile": (hostile(), hostile(price=1.5)),
    "history": price_history(),
}
