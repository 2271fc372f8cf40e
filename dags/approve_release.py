"""## Ask a person whether a release that warnings hold may be published

Starts on the asset `verdicts`, after every publishing. Trigger it by hand to ask again. It has no parameters: `ops`
says which release waits.

1. **find_question**: finds the release that gate 2 refused for warnings alone, and what readers would see differently.
   Skips the rest when none waits.
2. **approve**: waits up to a week until somebody approves with a reason, or rejects (in Airflow's UI: Required
   Actions). The task is deferred: no process waits, and nights continue.
3. **publish_release**: judges everything that waits by then and publishes it (asset `marts`), unless a rule is critical
   or warns of something that was not approved. The run fails when a newer release has replaced the approved one; the
   next run asks about the newest.

Only one question is open at a time. Later runs queue behind it and then look at what is left to ask. After a rejection,
or without an answer, readers keep the current release; the next publishing includes the loads and asks again.
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
def approve_release() -> None:
    # Not at the top: only the DAG needs the operator, and it imports more than the SDK.
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
