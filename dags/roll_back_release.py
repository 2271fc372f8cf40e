"""## Back to an earlier release, after a second person's approval

Start it by hand, with the number of the release and the reason (`mangnon release list` shows the releases).

1. **check_request**: whether that release can be restored, and what readers would see differently.
2. **approve**: waits, a day at most, for somebody to approve or reject (in Airflow's UI: Required Actions).
3. **roll_back**: publishes a new release that shows what the chosen one showed (asset `marts`), in about a second.

Rejected or not answered, nothing happens. A candidate that is open meanwhile is replaced: its run of `publish_marts`
becomes red, and its loads wait for the next one. Not in a hurry for a second person: `mangnon release rollback`.
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
def roll_back_release():
    # Not at the top: the operator is only needed by whoever builds the DAG, and imports more than the SDK.
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
