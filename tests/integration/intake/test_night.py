"""A night after the first one, on top of the published sample: who is wrong waits, everybody else is published."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from support.workbooks import event, send, sessions

from mangnon.contract.forms import submission_forms
from mangnon.sample.submissions import submissions


def states(warehouse: ModuleType, reporter: str) -> list[str]:
    """The states of the reporter's newest loads, in the order of loading."""
    with warehouse.connect("auditor") as connection:
        rows = connection.execute(
            "select state from ops.loads where reporter_code = %s and revision > 1 order by load_id", [reporter]
        )
        return [row[0] for row in rows]


def test_one_night_with_right_and_wrong_submissions(
    published: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    before = {reporter: sessions(published, reporter) for reporter in ("193", "194", "195", "196")}
    inbox = tmp_path / "inbox"
    # 193 resubmits July with one session more; 194's parts exceed the whole; 195 sends two versions of revision 2;
    # 196 withdraws its events: the form is there, without rows.
    send(inbox, "193", {"events": [event("193", (before["193"] or 0) + 1)]}, 2)
    send(inbox, "194", {"events": [event("194", 1, child_attendances=400)]}, 2)
    send(inbox, "195", {"events": [event("195", 5)]}, 2)
    send(inbox, "195", {"events": [event("195", 6)]}, 2)
    send(inbox, "196", {"events": []}, 2)

    assert run_night() == 2
    assert sessions(published, "193") == (before["193"] or 0) + 1
    assert sessions(published, "194") == before["194"]
    assert sessions(published, "195") == before["195"]
    assert sessions(published, "196") is None
    assert states(published, "193") == ["accepted"]
    assert states(published, "194") == ["refused"]
    assert states(published, "195") == ["held", "held"]
    assert {reporter: sessions(published, reporter, 1) for reporter in before} == before

    with published.connect("auditor") as connection:
        verdict = connection.execute(
            """
            select message from ops.verdicts inner join ops.loads using (load_id)
            where reporter_code = '194' and severity = 'critical'
            """
        ).fetchone()
        incidents = connection.execute(
            "select count(*) from marts.fct_incidents where reporter_code = '196'"
        ).fetchone()
    assert verdict is not None
    assert "400" in verdict[0]
    assert incidents != (0,), "a form that was not sent again is not withdrawn"

    # 195 sends the right one with a higher revision; 193 sends the same content again: only 195 changes.
    send(inbox, "195", {"events": [event("195", 6)]}, 3)
    send(inbox, "193", {"events": [event("193", (before["193"] or 0) + 1)]}, 3)
    assert run_night() == 3
    assert sessions(published, "195") == 6
    assert states(published, "193") == ["accepted", "same"]
    assert run_night() is None


@pytest.mark.parametrize("year", [2019, 2020])
def test_the_sample_is_what_the_marts_hold(published: ModuleType, year: int) -> None:
    expected = sum(
        len(lines)
        for submission in submissions()
        if submission.period.year == year
        for lines in submission.lines.values()
    )
    # A line "trong đó" can show one number as a total and another one as a part, so two marts may have it.
    lines = " union ".join(
        f"select load_id, line from marts.{mart} where extract(year from period) = {year}"
        for form in submission_forms()
        for mart in form.marts
    )
    with published.connect("auditor") as connection:
        assert connection.execute(f"select count(*) from ({lines}) as lines").fetchone() == (expected,)
