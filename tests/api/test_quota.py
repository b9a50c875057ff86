"""Quota headers: which values are read, and which of two responses is newer."""

from __future__ import annotations

import datetime as dt

import pytest
from llm_stats.api.quota import Quota, QuotaMonitor, describe_reset, seconds_until_allowance
from requests.structures import CaseInsensitiveDict

DATE = "Sat, 28 Nov 2026 12:00:00 GMT"
NOON = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
MIDNIGHT = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)


def headers(**values: object) -> CaseInsensitiveDict[str]:
    """Return response headers; `Quota_Remaining=3` becomes `X-Quota-Remaining: 3`."""
    named = {f"X-{name.replace('_', '-')}": str(value) for name, value in values.items()}
    return CaseInsensitiveDict({"Date": DATE} | named)


def unix(time: dt.datetime) -> int:
    return int(time.timestamp())


def read(**values: object) -> Quota | None:
    monitor = QuotaMonitor(str)
    monitor.update(monitor.sending(), headers(**values))
    return monitor.latest


class TestHeaders:
    def test_all_are_read(self) -> None:
        quota = read(
            Quota_Limit=250,
            Quota_Used=238,
            Quota_Remaining=12,
            Quota_Reset=unix(MIDNIGHT),
            LLM_Stats_Plan="community",
        )
        assert quota == Quota(12, 250, 238, MIDNIGHT, "community")
        assert str(quota) == "12 of 250 units left until 2026-11-29T00:00:00Z (plan community)"

    def test_reset_is_relative_to_the_servers_clock(self) -> None:
        """The clock of this machine is years ahead of the time in the headers."""
        past = CaseInsensitiveDict(
            {
                "Date": "Wed, 21 Oct 2015 07:28:00 GMT",
                "X-Quota-Remaining": "0",
                "X-Quota-Reset": str(unix(dt.datetime(2015, 10, 22, tzinfo=dt.UTC))),
            }
        )
        monitor = QuotaMonitor(str)
        monitor.update(0, past)
        assert monitor.describe_shortage(0) == (
            "the quota is spent: 0 units left until 2015-10-22T00:00:00Z"
        )

    @pytest.mark.parametrize(
        "remaining", ["unlimited", "-1", "", "12.5", "1e3", "0x1", "²", "12, 12", "9" * 40]
    )
    def test_remaining_that_is_no_count_is_ignored(self, remaining: str) -> None:
        assert read(Quota_Limit="unlimited", Quota_Remaining=remaining) is None

    def test_unlimited_quota_is_never_spent(self) -> None:
        assert read(Quota_Limit="unlimited", Quota_Remaining=0) is None

    def test_one_unit_is_singular(self) -> None:
        assert [str(Quota(1)), str(Quota(0, 1))] == ["1 unit left", "0 of 1 unit left"]

    def test_limit_below_the_units_left_is_unknown(self) -> None:
        assert read(Quota_Limit=250, Quota_Remaining=900) == Quota(900)

    def test_reset_in_the_past_is_ignored(self) -> None:
        assert read(Quota_Remaining=0, Quota_Reset=unix(NOON)) is None

    @pytest.mark.parametrize("reset", ["soon", "-5", unix(MIDNIGHT) * 1000, 10**14])
    def test_nonsense_reset_is_unknown(self, reset: object) -> None:
        assert read(Quota_Remaining=3, Quota_Reset=reset) == Quota(3)

    def test_reset_is_known_within_a_year(self) -> None:
        near, far = (NOON + dt.timedelta(days=366, seconds=seconds) for seconds in (-1, 0))
        assert read(Quota_Remaining=3, Quota_Reset=unix(near)) == Quota(3, reset_at=near)
        assert read(Quota_Remaining=3, Quota_Reset=unix(far)) == Quota(3)

    def test_limit_equal_to_the_units_left_is_read(self) -> None:
        assert read(Quota_Limit=" 250 ", Quota_Remaining=" 250 ") == Quota(250, 250)

    def test_summary_has_json_values(self) -> None:
        assert Quota(1, 2, 3, MIDNIGHT, "x").to_dict() == {
            "remaining": 1,
            "limit": 2,
            "used": 3,
            "reset_at": "2026-11-29T00:00:00Z",
            "plan": "x",
        }
        assert Quota(1).to_dict()["reset_at"] is None

    def test_plan_is_redacted(self) -> None:
        monitor = QuotaMonitor(lambda text: text.replace("key", "***"))
        assert monitor.update(0, headers(Quota_Remaining=3, LLM_Stats_Plan="key"))
        assert monitor.latest == Quota(3, plan="***")
        assert not monitor.update(0, headers())

    @pytest.mark.parametrize("plan", ["", "x" * 51, "ünï"])
    def test_nonsense_plan_is_ignored(self, plan: str) -> None:
        assert read(Quota_Remaining=3, LLM_Stats_Plan=plan) == Quota(3)


class TestShortage:
    def monitor(self, remaining: int) -> QuotaMonitor:
        monitor = QuotaMonitor(str)
        monitor.update(0, headers(Quota_Remaining=remaining))
        return monitor

    def test_begins_when_requests_in_flight_may_use_all_units(self) -> None:
        monitor = self.monitor(3)
        assert monitor.describe_shortage(2) is None
        assert monitor.describe_shortage(3) == (
            "the quota is spent: 3 units left with 3 requests in flight"
        )

    def test_is_unknown_without_headers(self) -> None:
        assert QuotaMonitor(str).describe_shortage(100) is None

    def test_ends_at_the_reset(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [0.0]
        monkeypatch.setattr("llm_stats.api.quota.time.monotonic", lambda: now[0])
        monitor = QuotaMonitor(str)
        monitor.update(0, headers(Quota_Remaining=0, Quota_Reset=unix(NOON) + 60))
        now[0] = 59
        assert monitor.describe_shortage(0)
        now[0] = 60
        assert monitor.describe_shortage(0) is None


class TestOrder:
    """Two responses in order of arrival; their requests are consecutive or concurrent."""

    def remaining_after(self, first: int, second: int, *, overlap: bool) -> int:
        monitor = QuotaMonitor(str)
        one = monitor.sending()
        other = monitor.sending() if overlap else None
        monitor.update(one, headers(Quota_Remaining=first))
        monitor.update(
            monitor.sending() if other is None else other, headers(Quota_Remaining=second)
        )
        assert monitor.latest
        return monitor.latest.remaining

    def test_later_request_shows_that_the_quota_jumped_up(self) -> None:
        assert self.remaining_after(3, 5000, overlap=False) == 5000

    @pytest.mark.parametrize(("first", "second"), [(7, 8), (8, 7)])
    def test_smaller_number_of_concurrent_requests_is_kept(self, first: int, second: int) -> None:
        assert self.remaining_after(first, second, overlap=True) == 7


class TestAllowance:
    def test_pause_ends_at_the_reset(self) -> None:
        spent = headers(RateLimit_Remaining=0, RateLimit_Reset=unix(NOON) + 17)
        assert seconds_until_allowance(spent) == 17

    @pytest.mark.parametrize(
        ("remaining", "reset"),
        [(1, unix(NOON) + 17), (0, unix(NOON) - 17), (0, "soon"), ("unlimited", unix(NOON) + 17)],
    )
    def test_no_pause_if_some_is_left_or_the_reset_is_unusable(
        self, remaining: object, reset: object
    ) -> None:
        assert (
            seconds_until_allowance(headers(RateLimit_Remaining=remaining, RateLimit_Reset=reset))
            == 0
        )


def test_reset_in_a_message_comes_from_the_first_known_source() -> None:
    known = headers(Quota_Reset=unix(MIDNIGHT))
    assert describe_reset("tomorrow", known, 60) == "tomorrow"
    assert describe_reset(None, known, 60) == "2026-11-29T00:00:00Z"
    assert describe_reset(None, headers(), 60) == "2026-11-28T12:01:00Z"
    assert describe_reset(None, headers(), None) == "unknown"
    assert describe_reset("x" * 101, known, 60) == "x" * 100
    past = headers(Quota_Reset=unix(NOON))
    assert describe_reset(None, past, 60) == "2026-11-28T12:01:00Z"
    assert describe_reset(None, past, 10**9) == "2030-01-28T21:46:40Z"
