"""## Every week: remove what no kept release shows, and old logs

**prune**: keeps the newest 30 releases and the last one of each month. What only others show is removed: rows of loads,
and computed tables, of which a copy goes to the archive. What readers see does not change. A pruned release says so
when somebody asks for it; its annual report, what it changed, the ledger and the archive stay.

**prune_logs**: removes the logs of tasks and components that have not grown for 90 days.

To bring a release back: `mangnon prune --restore RELEASE` (docs/runbooks/prune-and-reread.md).
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, dag, task


@dag(
    # After Sunday's night.
    schedule=CronTriggerTimetable("30 4 * * 0", timezone="Asia/Ho_Chi_Minh", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["weekly", "raw", "core"],
    params={
        "keep": Param(30, type="integer", minimum=1, description="How many of the newest releases are kept"),
        "log_days": Param(90, type="integer", minimum=1, description="For how many days logs are kept"),
    },
    default_args={
        "owner": "data-engineering",
        "retries": 2,
        "retry_delay": timedelta(minutes=1),
        "execution_timeout": timedelta(hours=1),
    },
)
def prune_history() -> None:
    @task
    def prune(params: dict) -> list[int]:
        from mangnon.publishing import pruning

        return pruning.prune(params["keep"]).releases

    @task
    def prune_logs(params: dict) -> int:
        from mangnon.orchestration.old_logs import prune_logs

        return prune_logs(params["log_days"])

    prune()
    prune_logs()


prune_history()
