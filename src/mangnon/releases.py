"""Releases as people handle them: look back, compare, roll back, hold a load and let it count again."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from psycopg.rows import class_row, dict_row

from mangnon import approvals, ledger, publish, warehouse
from mangnon.problems import Failure
from mangnon.warehouse import Connection


class NoSuchRelease(Failure):
    """There is no such release, or it cannot do what is asked."""


class NoSuchLoad(Failure):
    """There is no such load, or it cannot be held or released."""


@dataclass(frozen=True)
class Release:
    """A row of ops.releases, and how many loads count in it."""

    release_id: int
    state: str
    state_reason: str | None
    refused_for: str | None
    fingerprint: str
    created_at: datetime
    published_at: datetime | None
    pruned_at: datetime | None
    restores: int | None
    requested_by: str | None
    request_reason: str | None
    approved_by: str | None
    approval_reason: str | None
    warnings: list[str] | None  # despite which it was published
    loads: int
    is_visible: bool


@dataclass(frozen=True)
class ChangedFigure:
    """A figure that two releases show differently; a value is None where the release knows none."""

    year: int
    figure: str
    label: str
    unit: str
    old_value: Decimal | None
    new_value: Decimal | None
    form: str | None  # the newest definition says; None for a figure that no release defines
    aggregation: str | None

    @property
    def change(self) -> Decimal | None:
        """By how much; None when one of the two is not known."""
        return None if self.old_value is None or self.new_value is None else self.new_value - self.old_value


@dataclass(frozen=True)
class ChangedLoad:
    """A reporter, form and period for which two releases count different loads; None where none counts."""

    reporter_code: str
    form: str
    period: date
    old_load: int | None
    new_load: int | None
    old_file: str | None
    new_file: str | None
    old_revision: int | None
    new_revision: int | None
    reason: str | None  # on the cover of the new one


@dataclass(frozen=True)
class Difference:
    """What two releases show differently, and through which loads."""

    figures: list[ChangedFigure]
    loads: list[ChangedLoad]

    @property
    def added(self) -> int:
        """Reporters, forms and periods that the old release lacks."""
        return sum(load.old_load is None for load in self.loads)

    @property
    def removed(self) -> int:
        """Reporters, forms and periods that the new release lacks."""
        return sum(load.new_load is None for load in self.loads)

    @property
    def replaced(self) -> int:
        """Reporters, forms and periods for which another load counts."""
        return len(self.loads) - self.added - self.removed


RELEASES = """
    select
        release_id,
        state,
        state_reason,
        refused_for,
        fingerprint,
        created_at,
        published_at,
        pruned_at,
        restores,
        requested_by,
        request_reason,
        release_approvals.approved_by,
        release_approvals.reason as approval_reason,
        release_approvals.warnings,
        state = 'published' and release_id = (
            select max(published.release_id) from ops.releases as published where published.state = 'published'
        ) as is_visible,
        (
            select count(*)
            from ops.published_loads
            where from_release <= releases.release_id and until_release > releases.release_id
        ) as loads
    from ops.releases
    left join ops.release_approvals using (release_id)
    where release_id = %(release_id)s or %(release_id)s::integer is null
    order by release_id desc
"""

CHANGED_FIGURES = """
    with old_figures as (
        select * from core.computed_annual_report where release_id = %(old)s
    ),

    new_figures as (
        select * from core.computed_annual_report where release_id = %(new)s
    ),

    definitions as (
        select distinct on (dim_figures.figure) dim_figures.figure, dim_figures.form, dim_figures.aggregation
        from core.dim_figures
        inner join ops.published_loads using (load_id)
        where published_loads.from_release <= %(new)s
        order by dim_figures.figure, published_loads.from_release desc
    )

    select
        year,
        figure,
        coalesce(new_figures.label, old_figures.label) as label,
        coalesce(new_figures.unit, old_figures.unit) as unit,
        old_figures.value as old_value,
        new_figures.value as new_value,
        definitions.form,
        definitions.aggregation
    from old_figures
    full join new_figures using (year, figure)
    left join definitions using (figure)
    where old_figures.value is distinct from new_figures.value
    order by year, coalesce(new_figures.sort_order, old_figures.sort_order)
"""

CHANGED_LOADS = """
    with old_loads as (
        select * from ops.published_loads where from_release <= %(old)s and until_release > %(old)s
    ),

    new_loads as (
        select * from ops.published_loads where from_release <= %(new)s and until_release > %(new)s
    ),

    covers as (
        select load_id, loads.revision, file_name, revision_reason
        from ops.loads
        inner join ops.deliveries using (delivery_id)
    )

    select
        reporter_code,
        form,
        period,
        old_loads.load_id as old_load,
        new_loads.load_id as new_load,
        old_covers.file_name as old_file,
        new_covers.file_name as new_file,
        old_covers.revision as old_revision,
        new_covers.revision as new_revision,
        new_covers.revision_reason as reason
    from old_loads
    full join new_loads using (reporter_code, form, period)
    left join covers as old_covers on old_loads.load_id = old_covers.load_id
    left join covers as new_covers on new_loads.load_id = new_covers.load_id
    where old_loads.load_id is distinct from new_loads.load_id
    order by reporter_code, period, form
"""


def list_all(connection: Connection) -> list[Release]:
    """Every release, the newest first."""
    with connection.cursor(row_factory=class_row(Release)) as cursor:
        return cursor.execute(RELEASES, {"release_id": None}).fetchall()


def get(connection: Connection, release_id: int) -> Release:
    """One release. Raises NoSuchRelease."""
    with connection.cursor(row_factory=class_row(Release)) as cursor:
        release = cursor.execute(RELEASES, {"release_id": release_id}).fetchone()
    if release is None:
        raise NoSuchRelease(f"there is no release {release_id}: `mangnon release list` shows which there are")
    return release


def published_before(connection: Connection, release_id: int) -> int | None:
    """The release that readers saw before; None when there was none."""
    row = connection.execute(
        "select max(release_id) from ops.releases where state = 'published' and release_id < %s", [release_id]
    ).fetchone()
    return row[0] if row else None


def diff(connection: Connection, old: int, new: int) -> Difference:
    """What the new release shows otherwise than the old one; also of pruned ones. Raises NoSuchRelease."""
    for release_id in (old, new):
        if get(connection, release_id).state == "refused":
            raise NoSuchRelease(f"release {release_id} was refused: it shows nothing that could be compared")
    with connection.cursor(row_factory=class_row(ChangedLoad)) as cursor:
        loads = cursor.execute(CHANGED_LOADS, {"old": old, "new": new}).fetchall()
    return Difference(_changed_figures(connection, old, new), loads)


def question() -> tuple[int, str] | None:
    """The release that waits for an approval, and what a person must know to decide, in Vietnamese; None without one.

    What was computed for a refused release stays, so its figures can be shown; which loads would count is not kept.
    """
    with warehouse.connect("auditor") as connection:
        if (waiting := approvals.waiting_release(connection)) is None:
            return None
        warnings = approvals.holding_warnings(connection, waiting)
        visible = published_before(connection, waiting)
        figures = _changed_figures(connection, visible, waiting) if visible else []
    lines = [f"Bản số {waiting} chưa được công bố vì có cảnh báo:", ""]
    lines += [f"- {warning.message}" for warning in warnings]
    if visible:
        lines += ["", f"Người đọc vẫn xem bản số {visible}. So với bản đó, {len(figures)} chỉ tiêu thay đổi:", ""]
        lines += [
            f"- {figure.year} {figure.figure} {figure.label}: "
            f"{_number_vi(figure.old_value)} → {_number_vi(figure.new_value)} {figure.unit}"
            for figure in figures
        ]
    lines += ["", "Approve: công bố dù có cảnh báo, và ghi lý do. Reject: giữ bản hiện tại; lần công bố sau xét lại."]
    return waiting, "\n".join(lines)


def _changed_figures(connection: Connection, old: int, new: int) -> list[ChangedFigure]:
    with connection.cursor(row_factory=class_row(ChangedFigure)) as cursor:
        return cursor.execute(CHANGED_FIGURES, {"old": old, "new": new}).fetchall()


def _number_vi(value: Decimal | None) -> str:
    return "chưa có số liệu" if value is None else format_decimal(value, locale="vi")


def roll_back(release_id: int, requested_by: str, reason: str) -> int:
    """A new release, published at once, that shows what an earlier one showed; its number. Raises NoSuchRelease.

    No gate is asked: what it shows was judged when it was published first.
    """
    with warehouse.connect("publisher") as connection, warehouse.publishing_lock(connection):
        check_rollback(connection, release_id)
        rollback = ledger.build_rollback(connection, release_id, requested_by, reason)
        ledger.publish(connection, rollback)
        return rollback


def preview(release_id: int) -> str:
    """What a rollback to that release would do, for whoever approves it. Raises NoSuchRelease."""
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
        lines.append(f"- {figure.year} {figure.figure}: {figure.old_value} → {figure.new_value} ({figure.label})")
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
        from ops.published_loads
        inner join ops.loads using (load_id)
        where from_release <= %(restored)s and until_release > %(restored)s and held_by is not null
        order by load_id
        """,
        {"restored": release_id},
    ).fetchone()
    connection.commit()
    if held:
        raise NoSuchRelease(
            f"load {held[0]} counted in release {release_id}, and {held[1]} holds it since: "
            f"`mangnon load release {held[0]}` first"
        )


def hold(load_id: int, held_by: str, reason: str) -> int | None:
    """Takes a load out of what counts, for as long as nobody releases it; the release that says so, None without one.

    Of its reporter, form and period the next lower revision counts, or nothing. The publishing takes along what waits.
    Raises NoSuchLoad, ReleaseRefused.
    """
    with warehouse.connect("publisher") as connection:
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
        connection.commit()
    return _publish(held_by, f"held load {load['load_id']}: {reason}")


def let_count(load_id: int, requested_by: str) -> int | None:
    """Lets a held load count again, by its revision; the release that says so, None when nothing changes.

    Raises NoSuchLoad, ReleaseRefused.
    """
    with warehouse.connect("publisher") as connection:
        load = _newest_reading(connection, load_id)
        if load["state"] == "refused":
            raise NoSuchLoad(f"load {load['load_id']} was refused by a gate: only its reporter can mend it")
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
        connection.commit()
    return _publish(requested_by, f"released load {load['load_id']}")


def _newest_reading(connection: Connection, load_id: int) -> dict[str, Any]:
    """The newest reading of the form and delivery that a load is of: what is decided of one, is of that."""
    with connection.cursor(row_factory=dict_row) as cursor:
        load = cursor.execute(
            """
            select newest.*
            from ops.loads
            inner join ops.loads as newest using (delivery_id)
            where loads.load_id = %s
                and newest.form is not distinct from loads.form
                and (newest.state <> 'refused' or newest.load_id = loads.load_id)
            order by newest.load_id desc
            limit 1
            """,
            [load_id],
        ).fetchone()
    if load is None:
        raise NoSuchLoad(f"there is no load {load_id}: `mangnon release diff` and `mangnon explain` name loads")
    return load


def _judge_rivals_again(connection: Connection, load: dict[str, Any]) -> None:
    """What was held because of this load's rival content has to be looked at again without it."""
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
    release_id = publish.publish_all()
    if release_id is not None:
        with warehouse.connect("publisher") as connection:
            connection.execute(
                "update ops.releases set requested_by = %s, request_reason = %s where release_id = %s",
                [requested_by, reason, release_id],
            )
    return release_id
