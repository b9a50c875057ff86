"""A daily run with Airflow 3.

Put this file into the dags folder; the DAG is active at once. The workers need `llm-stats`,
LLM_STATS_API_KEY, and a webhook in SOURCES__LLM_STATS__WEBHOOK_URL (or remove `notify=True`). All
workers must share the folder of the warehouse, because the warehouse is a file.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import llm_stats
from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from llm_stats.errors import CheckFailed, QuotaSpent, UsageError


@dag(
    schedule="15 5 * * *",
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
)
def llm_stats_warehouse() -> None:
    @task(
        retries=2,
        retry_delay=dt.timedelta(minutes=15),
        execution_timeout=dt.timedelta(hours=2),
    )
    def run() -> dict[str, Any]:
        """Run once and return the summary as XCom.

        The task fails if a model failed. Models deferred to the next day (exit code 75) do not fail
        it.
        """
        try:
            result = llm_stats.run(
                all_models=True,
                max_requests=240,
                database="/srv/llm-stats/llm_stats.duckdb",
                notify=True,
            )
        except QuotaSpent as error:
            raise AirflowSkipException(str(error)) from None
        except (UsageError, CheckFailed) as error:  # a retry would fail again
            raise AirflowFailException(str(error)) from None
        if result.exit_code == 4:  # published, but some models did not load
            raise AirflowFailException(result.message)
        return result.to_dict()

    run()


llm_stats_warehouse()
