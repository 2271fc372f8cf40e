"""## Turn loads into marts: model, judge, publish

Starts on the asset `loads`, or by hand. The closed batches in `ops` decide what is published, not the event. Readers
see the last release until the moment of publishing, and after a failure anywhere.

1. **model_loads**: dbt adds the rows of the batches to the core.
2. **judge_loads**: gate 1 refuses each load that breaks a critical rule; the others continue.
3. **build_candidate**: builds the candidate release and its computed tables. Skips the rest when nothing has changed.
4. **judge_release**: gate 2 looks through the views of BI, refuses loads that are to blame and builds the candidate
   again without them. The run fails when the whole release is refused; then `approve_release` may ask a person.
5. **publish_release**: makes the candidate the visible release (asset `marts`).
6. **announce_verdicts**: always runs, after a refusal too (asset `verdicts`).
"""

from datetime import timedelta

from airflow.sdk import Asset, dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

AGAIN = {"retries": 5, "retry_delay": timedelta(minutes=1)}  # longer than a deployment that waits for readers


@dag(
    schedule=Asset("loads"),
    max_active_runs=1,
    doc_md=__doc__,
    tags=["core", "marts", "ops"],
    default_args={"owner": "data-engineering", "execution_timeout": timedelta(hours=2), **AGAIN},
)
def publish_marts() -> None:
    @task
    def model_loads() -> list[int]:
        from mangnon.publishing import phases

        if not (batches := phases.waiting_batches()):
            raise AirflowSkipException("no closed batch waits to be published")
        phases.model(batches)
        return batches

    @task
    def judge_loads(batches: list[int]) -> None:
        from mangnon.publishing import phases

        phases.judge_loads(batches)

    @task
    def build_candidate(batches: list[int]) -> int:
        from mangnon.publishing import phases

        if (candidate := phases.build_candidate(batches)) is None:
            raise AirflowSkipException("nothing has changed since the last release")
        return candidate

    @task
    def judge_release(candidate: int) -> int:
        from mangnon.publishing import phases

        try:
            return phases.judge_release(candidate)
        except phases.ReleaseRefused as refusal:
            raise AirflowFailException(str(refusal)) from refusal

    @task(outlets=[Asset("marts")])
    def publish_release(release: int) -> None:
        from mangnon.publishing import phases

        phases.publish(release)

    @task(outlets=[Asset("verdicts")])
    def announce_verdicts() -> None:
        """A teardown: it runs whatever came before, and the state of the run is that of the tasks before it."""

    batches = model_loads()
    candidate = build_candidate(batches)
    judge_loads(batches) >> candidate
    publish_release(judge_release(candidate)) >> announce_verdicts().as_teardown()


publish_marts()
