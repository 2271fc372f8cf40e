"""## A backfill: read archived deliveries of past months again

`make backfill` starts it: it runs `airflow backfill create` with the number of the backfill in the conf, one run per
month, several at a time. A run without that number, such as the scheduled one of each month, does nothing.

1. **reread_deliveries**: reads the month's deliveries whose newest reading is stale into the batch of the backfill.
2. **close_batch**: notes that the month is done. The run that finishes last closes the batch, and the asset `loads`
   starts `publish_marts`: one release for all months. The other runs skip it.

A backfill with a failed month publishes nothing. Mend the cause and run the same command again, or use
`airflow backfill create --reprocess-behavior failed`. `mangnon backfill --list` shows who asked for it, and the result.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, CronTriggerTimetable, dag, task
from airflow.sdk.exceptions import AirflowSkipException

AGAIN = {"retries": 2, "retry_delay": timedelta(minutes=1)}


@dag(
    # A period is a label and has no zone. Airflow reads the range of a backfill in UTC: a timetable in another zone
    # loses January. The logical date is the first day of the month, for the current month too.
    schedule=CronTriggerTimetable("0 0 1 * *", timezone="UTC", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,  # a backfill has its own limit
    doc_md=__doc__,
    tags=["backfill", "ops", "raw"],
    default_args={"owner": "data-engineering", "execution_timeout": timedelta(hours=1), **AGAIN},
)
def reprocess_periods() -> None:
    @task
    def reread_deliveries(logical_date: Any = None, dag_run: Any = None) -> int:
        from mangnon.publishing import backfills

        if (asked := (dag_run.conf or {}).get("backfill_id")) is None:
            raise AirflowSkipException("no backfill asks for this month")
        return backfills.reread(asked, logical_date.date())

    @task(outlets=[Asset("loads")])
    def close_batch(logical_date: Any = None, dag_run: Any = None) -> None:
        from mangnon.publishing import backfills

        if not backfills.finish(dag_run.conf["backfill_id"], logical_date.date()):
            raise AirflowSkipException("other months are not finished, or all is published")

    reread_deliveries() >> close_batch()


reprocess_periods()
