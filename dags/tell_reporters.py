"""## After every verdict: tell the province and the reporters

Starts on the asset `verdicts`, or by hand. It only reads what was judged, so nothing here can hold up a release.

1. **write_page**: writes one page for the officers of the province: who reported, what was refused, what changed.
2. **write_feedback**: puts the reporter's own file, with the cells marked, into the outbox, once for each delivery that
   has something refused, held or doubtful.
3. **write_reminders**: reminds each late reporter once a month of what is missing, with the blank workbook.
4. **send_mail**: mails feedback and reminders where mail is configured. Letters that the server refuses wait.
5. **show_failure**: fails the run when a task above failed.

`mangnon status` shows who was told what, `mangnon tell --dry-run` who would be.
"""

from datetime import timedelta

from airflow.sdk import Asset, TriggerRule, dag, task
from airflow.sdk.exceptions import AirflowFailException

AGAIN = {"retries": 2, "retry_delay": timedelta(minutes=1)}


@dag(
    schedule=Asset("verdicts"),
    max_active_runs=1,
    doc_md=__doc__,
    tags=["nightly", "ops"],
    default_args={"owner": "data-engineering", "execution_timeout": timedelta(hours=1), **AGAIN},
)
def tell_reporters() -> None:
    @task
    def write_page() -> str:
        from mangnon.serving import night_page

        return night_page.write()

    # A step that fails does not keep the others from running.
    @task(trigger_rule=TriggerRule.ALL_DONE)
    def write_feedback() -> list[str]:
        from mangnon.telling import messages

        return messages.write_feedback()

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def write_reminders() -> list[str]:
        from mangnon.telling import messages

        return messages.write_reminders()

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def send_mail() -> int:
        from mangnon.telling import messages

        return messages.send_mail().sent

    @task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def show_failure() -> None:
        raise AirflowFailException("some steps failed: see the red tasks")

    page, feedback, reminders, mail = write_page(), write_feedback(), write_reminders(), send_mail()
    page >> feedback >> reminders >> mail
    [page, feedback, reminders, mail] >> show_failure()


tell_reporters()
