"""## A backfill: archived deliveries of past months, read again

Started by `make backfill`, which runs `airflow backfill create` with the number of the backfill in the conf: one run
a month, several at a time. A run without that number, as the clock makes one each month, does nothing.

1. **reread_deliveries**: the month's deliveries whose newest reading is stale, into the batch of the backfill.
2. **close_batch**: the month is done. The run that finishes last closes the batch, and the asset `loads` starts
   `publish_marts`: one release for all months. The others are skipped, and nothing follows.

While a month is red nothing is published of the backfill; mend it and give the same command again, or use
`airflow backfill create --reprocess-behavior failed`. Who asked for it, and what came of it: `mangnon backfill --list`.
"""

from datetime import timedelta

from airflow.sdk import Asset, CronTriggerTimetable, dag, task
from airflow.sdk.exceptions import AirflowSkipException

AGAIN = {"retries": 2, "retry_delay": timedelta(minutes=1)}


@dag(
    # A period is a label and has no zone. Airflow reads a backfill's range in UTC: in another zone January would be
    # missing. The logical date is the month's first day, also of the month that is not over yet.
    schedule=CronTriggerTimetable("0 0 1 * *", timezone="UTC", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,  # a backfill brings a limit of its own
    doc_md=__doc__,
    tags=["backfill", "ops", "raw"],
    default_args={"owner": "data-engineering", "execution_timeout": timedelta(hours=1), **AGAIN},
)
def reprocess_periods():
    @task
    def reread_deliveries(logical_date=None, dag_run=None) -> int:
        from mangnon.publishing import backfills

        if (asked := (dag_run.conf or {}).get("backfill_id")) is None:
            raise AirflowSkipException("no backfill asks for this month")
        return backfills.reread(asked, logical_date.date())

    @task(outlets=[Asset("loads")])
    def close_batch(logical_date=None, dag_run=None) -> None:
        from mangnon.publishing import backfills

        if not backfills.finish(dag_run.conf["backfill_id"], logical_date.date()):
            raise AirflowSkipException("other months are not finished, or all is published")

    reread_deliveries() >> close_batch()


reprocess_periods()
