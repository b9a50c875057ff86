"""Errors and their exit codes. Each message states what failed, the cause, and what to do next.

    LlmStatsError         1
    ├── LoadFailed        1   dlt, the disk or the engine failed while data was written
    ├── UsageError        2   unknown option or setting, no key, no ids, unreadable file
    ├── NothingFetched    3   no model loaded, and something failed: key, API, base URL, records
    ├── CheckFailed       5   a check failed; nothing was published
    ├── Locked            6   another run holds the lock
    ├── QuotaSpent       75   the quota was spent before anything could be loaded
    └── RecordRejected    –   one record violates the contract; the run continues

    KeyboardInterrupt
    └── Interrupted     130   Ctrl-C during a run; 143 after SIGTERM, 129 after SIGHUP

A run that raises none of these errors exits with 0 (success), 4 (some ids or a page of the catalog
failed) or 75 (nothing failed, and models or pages are deferred to a later run): see
`pipeline.result.RunResult`.
"""

from __future__ import annotations


class LlmStatsError(Exception):
    """Base class. Only query errors and failed checks have messages of several lines."""

    exit_code = 1


class LoadFailed(LlmStatsError):
    """An error of dlt, the disk or the engine; the message states whether data was published."""


class UsageError(LlmStatsError):
    """An error that the caller can correct: an option, a setting, a file, the key."""

    exit_code = 2


class NothingFetched(LlmStatsError):
    """No model loaded, and something failed; the published prices and scores are unchanged.

    Outcomes such as `not_found` may have been published.
    """

    exit_code = 3


class CheckFailed(LlmStatsError):
    """The new file failed checks; the published file is unchanged.

    `checks` contains the names of the failed checks.
    """

    exit_code = 5

    def __init__(self, message: str, checks: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.checks = checks


class Locked(LlmStatsError):
    """Another run holds the lock of the same database."""

    exit_code = 6


class QuotaSpent(LlmStatsError):
    """The quota was spent before any model could be requested; try again after the quota resets."""

    exit_code = 75


class RecordRejected(LlmStatsError):
    """Error for a response that is not a valid record of the requested model."""


class Interrupted(KeyboardInterrupt):
    """A signal ended a run; the message states whether the run was published, if that is known.

    `exit_code` is 128 plus the number of the signal: 130 for Ctrl-C. The class does not derive from
    `Exception`, because `except Exception` must not catch the signal.
    """

    def __init__(self, message: str, exit_code: int = 130) -> None:
        super().__init__(message)
        self.exit_code = exit_code
