"""Releases as people handle them: look back, compare, roll back, hold a load and let it count again."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from psycopg.rows import class_row

from mangnon.failures import Failure
from mangnon.warehouse import Connection


class NoSuchRelease(Failure):
    """There is no such release, or it cannot do what is asked."""


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
    return Difference(changed_figures(connection, old, new), loads)


def changed_figures(connection: Connection, old: int, new: int) -> list[ChangedFigure]:
    """The figures that the two releases show differently."""
    with connection.cursor(row_factory=class_row(ChangedFigure)) as cursor:
        return cursor.execute(CHANGED_FIGURES, {"old": old, "new": new}).fetchall()


def pruned_loads(connection: Connection, release_id: int) -> list[int]:
    """The loads that count in the release, and whose rows were pruned."""
    rows = connection.execute(
        """
        select load_id
        from ops.published_loads
        inner join ops.loads using (load_id)
        where from_release <= %(release)s and until_release > %(release)s and pruned_at is not null
        order by load_id
        """,
        {"release": release_id},
    ).fetchall()
    connection.commit()
    return [row[0] for row in rows]
