"""## What was loaded, into the marts: modelled, judged, published

Starts on the asset `loads`, or by hand. What is published is decided by the closed batches in `ops`, not by the event.
Until the moment of publishing, and after a failure anywhere, readers see the last release.

1. **model_loads**: dbt adds the rows of the batches to the core.
2. **judge_loads**: gate 1. A load that breaks a critical rule is refused; the others go on.
3. **build_candidate**: the candidate release, and its computed tables. Skips the rest when nothing has changed.
4. **judge_release**: gate 2, through BI's own views. Without the loads that are to blame, the candidate is built once
   more; a release that is refused as a whole makes the run red. Nothing waits here: `approve_release` asks a person.
5. **publish_release**: the candidate becomes the visible release (asset `marts`).
6. **announce_verdicts**: always, also after a refusal (asset `verdicts`).
"""

from datetime import timedelta

from airflow.sdk import Asset, dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

AGAIN = {"retries": 5, "retry_delay": timedelta(minutes=1)}  # outlasts a deployment that gives way to readers


@dag(
    schedule=Asset("loads"),
    max_active_runs=1,
    doc_md=__doc__,
    tags=["core", "marts", "ops"],
    default_args={"owner": "data-engineering", "execution_timeout": timedelta(hours=2), **AGAIN},
)
def publish_marts():
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
