"""## Every week: does the archive still have what it was given?

**check**: reads every file that `ops.deliveries` knows and compares it with its sha256. If files are damaged or missing
it fails, without another try, and names them with their reporters and months.

`mangnon doctor` and the metrics show what the last check found. What to do: docs/runbooks/back-up-and-restore.md.
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag, task
from airflow.sdk.exceptions import AirflowFailException


@dag(
    # After the pruning of Sunday.
    schedule=CronTriggerTimetable("30 5 * * 0", timezone="Asia/Ho_Chi_Minh", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["weekly", "ops"],
    default_args={
        "owner": "data-engineering",
        "retries": 2,
        "retry_delay": timedelta(minutes=1),
        "execution_timeout": timedelta(hours=2),
    },
)
def check_archive() -> None:
    @task
    def check() -> int:
        from mangnon.intake import archive_checks

        checked = archive_checks.check()
        if checked.faults:
            raise AirflowFailException(str(checked))
        return checked.files

    check()


check_archive()
