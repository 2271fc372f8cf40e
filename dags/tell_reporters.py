"""## After every judgement: what the province and the reporters are told

Starts on the asset `verdicts`, or by hand. It reads what was judged and never touches it, so nothing here can hold up
a release.

1. **write_page**: one page for the officers of the province: who reported, what was refused, what changed.
2. **write_feedback**: of each delivery with something refused, held or doubtful its reporter gets its own file back,
   the cells marked, into the outbox; each of them once.
3. **write_reminders**: who is late, once a month, with what is missing and the blank workbook.
4. **send_mail**: feedback and reminders, where mail is configured. What the server does not take waits.
5. **show_failure**: makes the run red when something above failed.

Who was told what: `mangnon status`. Who would be: `mangnon tell --dry-run`.
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
def tell_reporters():
    @task
    def write_page() -> str:
        from mangnon.serving import night_page

        return night_page.write()

    # One step that fails does not keep what the others have to say.
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
        raise AirflowFailException("not everything could be said: see the red tasks")

    page, feedback, reminders, mail = write_page(), write_feedback(), write_reminders(), send_mail()
    page >> feedback >> reminders >> mail
    [page, feedback, reminders, mail] >> show_failure()


tell_reporters()
