"""Once a day with Airflow 3: put this file into the dags folder, and `llm-stats` and LLM_STATS_API_KEY where the workers are.

All workers that may run it must see the same folder, for the warehouse is a file.
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
    max_active_runs=1,
)
def llm_stats_warehouse() -> None:
    @task(retries=2, retry_delay=dt.timedelta(minutes=15))
    def run() -> dict[str, Any]:
        """One run. What it did is the task's XCom; what is left to tomorrow (exit code 75) is no failure."""
        try:
            result = llm_stats.run(
                all_models=True, max_requests=240, database="/srv/llm-stats/llm_stats.duckdb"
            )
        except QuotaSpent as error:
            raise AirflowSkipException(str(error)) from None
        except (UsageError, CheckFailed) as error:  # another try would end the same
            raise AirflowFailException(str(error)) from None
        if result.exit_code == 4:  # published, but some models did not load
            raise AirflowFailException(result.message)
        return result.to_dict()

    run()


llm_stats_warehouse()
