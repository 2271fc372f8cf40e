"""## A release that warnings hold back: shown to a person, who lets it pass or not

Starts on the asset `verdicts`, after every publishing; by hand, it asks once more. What waits is decided by `ops`, not
by the event, so it has no parameters.

1. **find_question**: the release that gate 2 refused for warnings alone, and what readers would see differently. Skips
   the rest when none waits.
2. **approve**: waits, a week at most, for somebody to approve with a reason, or to reject (in Airflow's UI: Required
   Actions). No process waits, and nights go on meanwhile.
3. **publish_release**: all that waits by then is judged anew, and published (asset `marts`) unless something is
   critical, or warns of what was not approved. Red when a newer release took the place of the approved one; what is
   the newest is asked then.

One question is open at a time: those of later nights queue up behind it, and find out what is left to ask.
Rejected or not answered, readers keep what they have; the next publishing takes the loads along, and asks again.
"""

from datetime import timedelta

from airflow.sdk import Asset, Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

AGAIN = {"retries": 2, "retry_delay": timedelta(minutes=1)}
FIND, APPROVE = "find_question", "approve"


@dag(
    schedule=Asset("verdicts"),
    max_active_runs=1,
    doc_md=__doc__,
    tags=["marts", "ops"],
    default_args={"owner": "data-engineering", "execution_timeout": timedelta(hours=2), **AGAIN},
)
def approve_release():
    # Not at the top: the operator is only needed by whoever builds the DAG, and imports more than the SDK.
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    @task(task_id=FIND)
    def find_question() -> dict:
        from mangnon.publishing import decisions

        if (question := decisions.question()) is None:
            raise AirflowSkipException("no release waits for an approval")
        release, text = question
        return {"release": release, "text": text}

    @task(outlets=[Asset("marts")])
    def publish_release() -> int:
        from mangnon.failures import Failure
        from mangnon.publishing import decisions
        from mangnon.warehouse import PublishingElsewhere

        ti = get_current_context()["ti"]
        question, answer = ti.xcom_pull(task_ids=FIND), ti.xcom_pull(task_ids=APPROVE)
        approved_by = (answer["responded_by_user"] or {}).get("name", "unknown")
        try:
            return decisions.approve(question["release"], approved_by, answer["params_input"].get("reason") or "")
        except PublishingElsewhere:
            raise
        except Failure as refusal:
            raise AirflowFailException(str(refusal)) from refusal

    approve = ApprovalOperator(
        task_id=APPROVE,
        subject=f"Công bố bản số {{{{ ti.xcom_pull(task_ids='{FIND}')['release'] }}}} dù có cảnh báo?",
        body=f"{{{{ ti.xcom_pull(task_ids='{FIND}')['text'] }}}}",
        params={"reason": Param("", type="string", title="Lý do", description="Được lưu cùng bản công bố.")},
        defaults="Reject",
        response_timeout=timedelta(days=7),
    )
    find_question() >> approve >> publish_release()


approve_release()
