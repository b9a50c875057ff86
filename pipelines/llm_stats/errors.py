"""What can go wrong, as one tree. Each kind has an exit code; each message says what happened, where, and what to do next.

    LlmStatsError         1
    ├── LoadFailed        1   dlt or the disk failed; nothing was published
    ├── UsageError        2   unknown option or setting, no key, no ids, unreadable file
    ├── NothingFetched    3   key refused, API out of reach, wrong base URL
    ├── CheckFailed       5   a check failed; nothing was published
    ├── Locked            6   another run holds the lock
    ├── QuotaSpent       75   the quota was spent before there was anything to ask
    └── RecordRejected    –   one record breaks the contract; the run goes on

    KeyboardInterrupt
    └── Interrupted     130   Ctrl-C, before anything was published

Codes 0 (done), 4 (some ids failed) and 75 (the rest is deferred) are results, not errors: see `pipeline.result.RunResult`.
"""

from __future__ import annotations


class LlmStatsError(Exception):
    """Any failure that this project explains: in one line, but for a query's own error and the findings of the checks."""

    exit_code = 1


class LoadFailed(LlmStatsError):
    """The records could not be written; the published file stands as it was."""


class UsageError(LlmStatsError):
    """The caller can mend it: an option, a setting, a file, the key."""

    exit_code = 2


class NothingFetched(LlmStatsError):
    """No id was answered; the published file stands as it was."""

    exit_code = 3


class CheckFailed(LlmStatsError):
    """The new file breaks a check; the published one stands as it was."""

    exit_code = 5


class Locked(LlmStatsError):
    """Another run works on the same database."""

    exit_code = 6


class QuotaSpent(LlmStatsError):
    """Come back when the quota has reset."""

    exit_code = 75


class RecordRejected(LlmStatsError):
    """A response is not the record that was asked for."""


class Interrupted(KeyboardInterrupt):
    """Somebody stopped the run before anything was published; says what is kept. No `Exception`: nobody should go on after it."""

    exit_code = 130
