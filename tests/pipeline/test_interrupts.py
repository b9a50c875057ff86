"""Interrupts of a run: signals, messages, exit codes, and errors that an interrupt caused."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import duckdb
import pytest
from llm_stats.errors import Interrupted
from llm_stats.pipeline import interrupts
from llm_stats.pipeline.interrupts import interrupted, is_interrupt, termination_interrupts


@pytest.fixture(autouse=True)
def _last_signal() -> Iterator[None]:
    yield
    interrupts._last_signal = signal.SIGINT


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_signal_interrupts_the_block(name: str) -> None:
    number = signal.Signals[name]
    before = signal.getsignal(number)
    message = f"interrupted by {name}; `llm-stats status` shows whether a run was published"
    with pytest.raises(Interrupted) as raised, termination_interrupts():
        os.kill(os.getpid(), number)
    assert str(raised.value) == message
    assert raised.value.exit_code == 128 + number
    assert signal.getsignal(number) is before


def test_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with termination_interrupts():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_error_that_explains_the_interrupt_is_kept() -> None:
    error = Interrupted("interrupted; 3 responses are kept", 143)
    with pytest.raises(Interrupted) as raised, termination_interrupts():
        raise error
    assert raised.value is error


def test_ctrl_c_is_not_named_as_a_signal() -> None:
    error = interrupted("nothing was published")
    assert str(error) == "interrupted; nothing was published"
    assert error.exit_code == 130
    with pytest.raises(Interrupted, match=r"^interrupted; `llm-stats"), termination_interrupts():
        raise KeyboardInterrupt


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


def during(error: Exception, context: BaseException) -> Exception:
    error.__context__ = context
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (KeyboardInterrupt(), True),
        (duckdb.Error("INTERRUPT Error: Query interrupted"), True),
        (caused(ValueError("dlt"), caused(ValueError("dlt"), KeyboardInterrupt())), True),
        (during(ValueError("dlt"), KeyboardInterrupt()), True),
        (caused(ValueError("dlt"), OSError("disk full")), False),
        (ValueError("interrupted"), False),
    ],
)
def test_interrupt_is_found_in_the_causes(error: BaseException, expected: bool) -> None:
    assert is_interrupt(error) == expected
