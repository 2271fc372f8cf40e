"""## Every morning at 06:00: is everything published that arrived before the night?

`ops` decides: a night that did not run, deliveries that were not read, a batch that was not closed, a release that was
refused, waits for an approval or was not finished. When nothing is overdue the run succeeds and nobody gets a mail.

1. **find_misses**: finds what is overdue. Skips the rest when there is nothing.
2. **tell_office**: sends a mail in Vietnamese to the lines `_office` of the mail addresses, where mail is configured.
3. **show_failure**: fails the run, with the same text in its log.

What to do: docs/runbooks/the-deadline-was-missed.md. This DAG cannot run while Airflow is down: `mangnon doctor` from
cron and `mangnon metrics` see the same from outside (docs/watching.md).
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException


@dag(
    # Runs once, late, when Airflow was down at 06:00, as a night does.
    schedule=CronTriggerTimetable("0 6 * * *", timezone="Asia/Ho_Chi_Minh", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["nightly", "ops"],
    default_args={
        "owner": "data-engineering",
        "retries": 2,
        "retry_delay": timedelta(minutes=1),
        "execution_timeout": timedelta(minutes=10),
    },
)
def check_deadline() -> None:
    @task
    def find_misses() -> str:
        from mangnon.watching import deadline

        if (text := deadline.letter()) is None:
            raise AirflowSkipException("everything is published")
        return text

    @task
    def tell_office(text: str) -> None:
        from mangnon.watching import deadline

        if not deadline.tell_office(text):
            raise AirflowSkipException("mail is not configured, or has no address of _office")

    @task(retries=0)
    def show_failure(text: str) -> None:
        raise AirflowFailException(text)

    found = find_misses()
    tell_office(found)
    show_failure(found)


check_deadline()
