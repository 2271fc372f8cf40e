"""## Go back to an earlier release, after a second person's approval

Trigger it by hand with the number of the release and the reason (`mangnon release list` shows the releases).

1. **check_request**: checks that the release can be restored, and shows what readers would see differently.
2. **approve**: waits up to a day until somebody approves or rejects (in Airflow's UI: Required Actions).
3. **roll_back**: publishes a new release that shows what the chosen one showed (asset `marts`), in about a second.

Without an approval nothing happens. A rollback replaces an open candidate: its run of `publish_marts` fails, and its
loads wait for the next one. Without a second person: `mangnon release rollback`.
"""

from datetime import timedelta

from airflow.sdk import Asset, Param, dag, get_current_context, task

AGAIN = {"retries": 2, "retry_delay": timedelta(minutes=1)}
APPROVE = "approve"


@dag(
    schedule=None,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["marts", "ops"],
    params={
        "release": Param(type="integer", minimum=1, description="The release to go back to."),
        "reason": Param(type="string", minLength=1, description="Why; kept with the new release."),
    },
    default_args={"owner": "data-engineering", "execution_timeout": timedelta(minutes=10), **AGAIN},
)
def roll_back_release() -> None:
    # Not at the top: only the DAG needs the operator, and it imports more than the SDK.
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    @task
    def check_request(params: dict) -> str:
        from mangnon.publishing import decisions

        return decisions.preview(params["release"])

    @task(outlets=[Asset("marts")])
    def roll_back(params: dict) -> int:
        from mangnon.publishing import decisions

        answer = get_current_context()["ti"].xcom_pull(task_ids=APPROVE)
        approved_by = (answer["responded_by_user"] or {}).get("name", "unknown")
        return decisions.roll_back(params["release"], approved_by, params["reason"])

    checked = check_request()
    approve = ApprovalOperator(
        task_id=APPROVE,
        subject="Roll back to release {{ params.release }}?",
        body="Reason: {{ params.reason }}\n\n{{ ti.xcom_pull(task_ids='check_request') }}",
        defaults="Reject",
        response_timeout=timedelta(days=1),
    )
    checked >> approve >> roll_back()


roll_back_release()
