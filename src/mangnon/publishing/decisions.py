"""The decisions of people: approve a release, roll back, hold a load, let it count again."""

from typing import Any

from psycopg.rows import dict_row

from mangnon import warehouse
from mangnon.failures import Failure
from mangnon.ledger import approvals, candidates
from mangnon.ledger.approvals import Approval
from mangnon.ledger.releases import NoSuchRelease, changed_figures, diff, get, list_all, published_before
from mangnon.publishing import phases
from mangnon.vietnamese import number
from mangnon.warehouse import Connection
from mangnon.warehouse.sql_files import read_sql


class NoSuchLoad(Failure):
    """There is no such load, or it cannot be held or released."""


class NothingToPublish(Failure):
    """The approved release would no longer change anything."""


def question() -> tuple[int, str] | None:
    """The release that waits for an approval, and what a person must know to decide, in Vietnamese; None without one.

    What was computed for a refused release stays, so its figures can be shown; which loads would count is not kept.
    """
    with warehouse.connect("auditor") as connection:
        if (waiting := approvals.waiting_release(connection)) is None:
            return None
        warnings = approvals.holding_warnings(connection, waiting)
        visible = published_before(connection, waiting)
        figures = changed_figures(connection, visible, waiting) if visible else []
    lines = [f"Bản số {waiting} chưa được công bố vì có cảnh báo:", ""]
    lines += [f"- {warning.message}" for warning in warnings]
    if visible:
        lines += ["", f"Người đọc vẫn xem bản số {visible}. So với bản đó, {len(figures)} chỉ tiêu thay đổi:", ""]
        lines += [
            f"- {figure.year} {figure.figure} {figure.figure_label}: "
            f"{number(figure.old_value)} → {number(figure.new_value)} {figure.unit}"
            for figure in figures
        ]
    lines += ["", "Approve: công bố dù có cảnh báo, và ghi lý do. Reject: giữ bản hiện tại; lần công bố sau xét lại."]
    return waiting, "\n".join(lines)


def approve(refused_release: int, approved_by: str, reason: str) -> int:
    """Publishes what a refused release offered, despite its warnings; the number of the release that readers see.

    Models and judges every waiting batch again. A critical rule, or a warning that was not approved, refuses it again.
    Raises NotApprovable, NothingToPublish, ReleaseRefused.
    """
    if not reason.strip():
        raise approvals.NotApprovable("an approval needs a reason: it is kept with the release")
    with warehouse.connect("publisher") as connection:
        approvals.check(connection, refused_release)
        warnings = approvals.holding_warnings(connection, refused_release)
    release_id = phases.publish_all(Approval(refused_release, warnings, approved_by, reason.strip()))
    if release_id is None:
        raise NothingToPublish(f"what release {refused_release} offered would change nothing any more")
    return release_id


def roll_back(release_id: int, requested_by: str, reason: str) -> int:
    """A new release, published at once, that shows what an earlier one showed; its number. Raises NoSuchRelease.

    No gate is asked: what it shows was judged when it was published first.
    """
    with warehouse.connect("publisher") as connection, warehouse.publishing_lock(connection):
        check_rollback(connection, release_id)
        with connection.transaction():
            rollback = candidates.build_rollback(connection, release_id, requested_by, reason)
        with connection.transaction():
            candidates.publish(connection, rollback)
        return rollback


def preview(release_id: int) -> str:
    """Returns the effect of a rollback to that release, for the person who approves it. Raises NoSuchRelease."""
    with warehouse.connect("auditor") as connection:
        check_rollback(connection, release_id)
        visible = next(release.release_id for release in list_all(connection) if release.is_visible)
        difference = diff(connection, visible, release_id)
    lines = [
        f"Release {visible}, which readers see now, against release {release_id}: {len(difference.figures)} figures "
        f"would change; {difference.added} loads would be added, {difference.removed} removed, "
        f"{difference.replaced} replaced."
    ]
    for figure in difference.figures:
        lines.append(
            f"- {figure.year} {figure.figure}: {figure.old_value} → {figure.new_value} ({figure.figure_label})"
        )
    return "\n".join(lines)


def check_rollback(connection: Connection, release_id: int) -> None:
    """Raises NoSuchRelease, with the reason, when a rollback to that release is not possible."""
    restored = get(connection, release_id)
    if restored.state != "published":
        raise NoSuchRelease(f"release {release_id} was never published: only what was published can be restored")
    if restored.pruned_at:
        raise NoSuchRelease(f"release {release_id} was pruned on {restored.pruned_at:%Y-%m-%d}: its rows are gone")
    visible = next(release for release in list_all(connection) if release.is_visible)
    if visible.release_id == release_id:
        raise NoSuchRelease(f"release {release_id} is the one that readers see now")
    if visible.restores == release_id:
        raise NoSuchRelease(f"release {visible.release_id}, which readers see now, shows what {release_id} showed")
    held = connection.execute(
        """
        select load_id, held_by
        from ops.loads_in_release(%s)
        inner join ops.loads using (load_id)
        where held_by is not null
        order by load_id
        """,
        [release_id],
    ).fetchone()
    if held:
        raise NoSuchRelease(
            f"load {held[0]} counted in release {release_id}, and {held[1]} holds it since: "
            f"`mangnon load count {held[0]}` first"
        )


def hold(load_id: int, held_by: str, reason: str) -> int | None:
    """Takes a load out of what counts, for as long as nobody releases it; the release that says so, None without one.

    Of its reporter, form and period the next lower revision counts, or nothing. The publishing takes along what waits.
    Raises NoSuchLoad, ReleaseRefused.
    """
    with warehouse.connect("publisher") as connection, connection.transaction():
        load = _newest_reading(connection, load_id)
        if load["state"] not in ("modelled", "accepted", "same", "held"):
            raise NoSuchLoad(f"load {load['load_id']} is {load['state']}: it does not count, so it cannot be held")
        if load["held_by"]:
            raise NoSuchLoad(f"load {load['load_id']} is held already, by {load['held_by']}")
        connection.execute(
            "update ops.loads set state = 'held', held_by = %s, state_reason = %s where load_id = %s",
            [held_by, reason, load["load_id"]],
        )
        _judge_rivals_again(connection, load)
    return _publish(held_by, f"held load {load['load_id']}: {reason}")


def let_count(load_id: int, requested_by: str) -> int | None:
    """Lets a held load count again, by its revision; the release that says so, None when nothing changes.

    Raises NoSuchLoad, ReleaseRefused.
    """
    with warehouse.connect("publisher") as connection, connection.transaction():
        load = _newest_reading(connection, load_id)
        if load["state"] == "refused":
            raise NoSuchLoad(f"load {load['load_id']} was refused by a gate: only its reporter can correct it")
        if not load["held_by"]:
            raise NoSuchLoad(
                f"load {load['load_id']} is held because another file claims the same revision: hold the wrong one"
                if load["state"] == "held"
                else f"load {load['load_id']} is not held: it is {load['state']}"
            )
        connection.execute(
            """
            update ops.loads
            set state = 'modelled', held_by = null, state_reason = null
            where delivery_id = %(delivery_id)s and form = %(form)s and held_by is not null
            """,
            load,
        )
    return _publish(requested_by, f"released load {load['load_id']}")


def _newest_reading(connection: Connection, load_id: int) -> dict[str, Any]:
    """The newest reading of the form and delivery that a load is of: what is decided of one, is of that."""
    with connection.cursor(row_factory=dict_row) as cursor:
        load = cursor.execute(read_sql(__package__, "newest_reading"), {"load": load_id}).fetchone()
    if load is None:
        raise NoSuchLoad(f"there is no load {load_id}: `mangnon release diff` and `mangnon explain` name loads")
    return load


def _judge_rivals_again(connection: Connection, load: dict[str, Any]) -> None:
    """Releases the loads that were held only because this load claimed the same revision."""
    connection.execute(
        """
        update ops.loads
        set state = 'modelled', state_reason = null
        where (reporter_code, form, period, revision)
            = (%(reporter_code)s, %(form)s, %(period)s, %(revision)s)
            and state = 'held'
            and held_by is null
        """,
        load,
    )


def _publish(requested_by: str, reason: str) -> int | None:
    release_id = phases.publish_all()
    if release_id is not None:
        with warehouse.connect("publisher") as connection:
            connection.execute(
                "update ops.releases set requested_by = %s, request_reason = %s where release_id = %s",
                [requested_by, reason, release_id],
            )
    return release_id
