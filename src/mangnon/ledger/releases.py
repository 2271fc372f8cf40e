"""Releases as people handle them: look back, compare, roll back, hold a load and let it count again."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal

from psycopg.rows import class_row, dict_row

from mangnon.failures import Failure
from mangnon.warehouse import Connection
from mangnon.warehouse.sql_files import read_sql


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
    figure_label: str
    unit: str
    old_value: Decimal | None
    new_value: Decimal | None
    loads: list[int]  # which may have changed it: of each, the newer one

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
    reason: str | None  # on the cover of the new one, if its revision is the higher one


@dataclass(frozen=True)
class Difference:
    """The figures and loads in which two releases differ."""

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


def list_all(connection: Connection) -> list[Release]:
    """Every release, the newest first."""
    with connection.cursor(row_factory=class_row(Release)) as cursor:
        return cursor.execute(read_sql(__package__, "releases"), {"release": None}).fetchall()


def get(connection: Connection, release_id: int) -> Release:
    """One release. Raises NoSuchRelease."""
    with connection.cursor(row_factory=class_row(Release)) as cursor:
        release = cursor.execute(read_sql(__package__, "releases"), {"release": release_id}).fetchone()
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
    """Returns how the new release differs from the old one; pruned ones can be compared too. Raises NoSuchRelease."""
    for release_id in (old, new):
        if get(connection, release_id).state == "refused":
            raise NoSuchRelease(f"release {release_id} was refused: it shows nothing that could be compared")
    with connection.cursor(row_factory=class_row(ChangedLoad)) as cursor:
        loads = cursor.execute(read_sql(__package__, "changed_loads"), {"old": old, "new": new}).fetchall()
    return Difference(changed_figures(connection, old, new), loads)


def changed_figures(connection: Connection, old: int, new: int) -> list[ChangedFigure]:
    """The figures of which the two releases show another value."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(read_sql(__package__, "changed_figures"), {"old": old, "new": new}).fetchall()
    names = [field.name for field in fields(ChangedFigure)]
    return [
        ChangedFigure(**{name: row[name] for name in names}) for row in rows if row["old_value"] != row["new_value"]
    ]


def pruned_loads(connection: Connection, release_id: int) -> list[int]:
    """The loads that count in the release, and whose rows were pruned."""
    rows = connection.execute(
        """
        select load_id
        from ops.loads_in_release(%s)
        inner join ops.loads using (load_id)
        where pruned_at is not null
        order by load_id
        """,
        [release_id],
    ).fetchall()
    return [row[0] for row in rows]
