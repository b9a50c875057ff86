"""A daily run with Dagster: `dagster dev -f dagster_job.py`; the schedule is active at once.

Install `llm-stats` in Dagster's environment. Set LLM_STATS_API_KEY, and a webhook in
SOURCES__LLM_STATS__WEBHOOK_URL (or remove `notify=True`). Set DAGSTER_HOME to a folder that keeps
the history of runs.
"""

import contextlib
import signal
from collections.abc import Iterator

import dagster as dg
import llm_stats
from llm_stats.errors import CheckFailed, QuotaSpent, UsageError


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Fail the run after `seconds`. Dagster's tag `max_runtime` works only with run monitoring."""

    def stop(*_: object) -> None:
        raise dg.Failure(f"stopped after the time limit of {seconds} s", allow_retries=False)

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


@dg.asset(output_required=False, retry_policy=dg.RetryPolicy(max_retries=2, delay=900))
def llm_stats_warehouse(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Prices and scores of all models, in one DuckDB file.

    The run fails if a model failed. Models deferred to the next day (exit code 75) do not fail it.
    """
    try:
        with time_limit(2 * 3600):
            result = llm_stats.run(
                all_models=True,
                max_requests=240,
                database="/srv/llm-stats/llm_stats.duckdb",
                notify=True,
            )
    except QuotaSpent as error:
        context.log.info(str(error))
        return
    except (UsageError, CheckFailed) as error:  # a retry would fail again
        raise dg.Failure(str(error), allow_retries=False) from None
    counts = result.to_dict()["outcomes"]
    if result.is_published:
        yield dg.MaterializeResult(
            metadata={**counts, "message": result.message, "new_models": result.new_models}
        )
    if result.exit_code == 4:  # published, but some models did not load
        raise dg.Failure(result.message, metadata=counts, allow_retries=False)


defs = dg.Definitions(
    assets=[llm_stats_warehouse],
    schedules=[
        dg.ScheduleDefinition(
            "llm_stats_daily",
            target=[llm_stats_warehouse],
            cron_schedule="15 5 * * *",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )
    ],
)
