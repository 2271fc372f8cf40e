"""## Every night: read what the reporters sent

1. **collect**: copies new files of the inbox into the archive and notes them in `ops.deliveries`.
2. **load_reporter**: one task per reporter, so a task that fails holds up no other reporter.
3. **close_batch**: closes what was loaded as the night's batch; the asset `loads` starts `publish_marts`. Runs after a
   failure too, so the others are published. Skipped when nothing is new.
4. **show_failure**: fails the run when a task above failed.

The files stay in the archive. Repeat or clear a run at any time: what is loaded is not loaded again. `mangnon status`
shows who sent what, and why something was refused.
"""

from datetime import timedelta

from airflow.sdk import Asset, CronTriggerTimetable, TriggerRule, dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

AGAIN = {"retries": 2, "retry_delay": timedelta(minutes=1)}


@dag(
    # A moment, not an interval: the archive decides which files are new, never a date.
    # Switched on at noon, it waits for the night. A night that Airflow missed while it was down runs once, late.
    schedule=CronTriggerTimetable("30 1 * * *", timezone="Asia/Ho_Chi_Minh", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    doc_md=__doc__,
    tags=["nightly", "ops", "raw"],
    default_args={"owner": "data-engineering", "execution_timeout": timedelta(hours=1), **AGAIN},
)
def collect_submissions() -> None:
    @task
    def collect() -> list[str]:
        from mangnon.intake import steps

        if not (reporters := steps.collect()):
            raise AirflowSkipException("no delivery waits to be loaded")
        return reporters

    @task(map_index_template="{{ task.op_kwargs['reporter'] }}", max_active_tis_per_dagrun=4)
    def load_reporter(reporter: str) -> dict[str, int]:
        from mangnon.intake import steps

        return steps.load(reporter)

    @task(trigger_rule=TriggerRule.ALL_DONE, outlets=[Asset("loads")])
    def close_batch() -> int:
        from mangnon.intake import steps

        if (batch := steps.close()) is None:
            raise AirflowSkipException("nothing new was loaded")
        return batch

    @task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def show_failure() -> None:
        raise AirflowFailException("not everything was loaded: see the red tasks; the rest is published")

    reporters = collect()
    loaded = load_reporter.expand(reporter=reporters)
    closed = close_batch()
    reporters >> loaded >> closed
    [reporters, loaded, closed] >> show_failure()


collect_submissions()
