"""The page of a night, for officers: who reported, what was refused and why, what changed, what readers see now.

Vietnamese, one file without scripts or links to the outside, in the folder `_tinh/dem` of the outbox. The queries are
in `sql/`, the words and the look in `pages/`.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Literal

import jinja2
from psycopg.rows import dict_row

from mangnon import warehouse
from mangnon.contract.code_lists import OFFICE, REFERENCE_REPORTER
from mangnon.contract.forms import all_forms, submission_forms
from mangnon.failures import Failure
from mangnon.ledger import releases
from mangnon.serving import annual_report
from mangnon.settings import TIMEZONE, settings
from mangnon.stores import open_store
from mangnon.vietnamese import FILTERS, month
from mangnon.warehouse import Connection
from mangnon.warehouse.sql_files import read_sql

FOLDER = "_tinh/dem"
PAGE = re.compile(r"\d{4}-\d\d-\d\d-.*-\d+\.html")
# How many reasons of a load, loads with warnings, reporters of a month before, and folders with misplaced files a page
# names; the others are counted.
REASONS_NAMED = 3
FOLDERS_NAMED = 10
WARNINGS_NAMED = 50
GAPS_NAMED = 5
# How far back a page looks for what is missing.
MONTHS_BEFORE = 12


@dataclass(frozen=True)
class Mark:
    """The mark of a form in the table of reporters: a symbol, words, and how good the state is."""

    symbol: str
    words: str
    look: Literal["good", "wait", "bad"]
    is_usual: bool = False  # then the symbol is enough for those who see it


# By the state of the newest load.
NOT_COUNTED = {
    None: Mark("○", "chưa gửi", "bad"),
    "refused": Mark("✕", "bị trả lại", "bad"),
    "held": Mark("!", "tạm giữ", "wait"),
}
WAITS = Mark("…", "đã nhận, chờ công bố", "wait")
COUNTED = {
    "refused": Mark("✓", "đã nhận; bản gửi lại bị trả lại", "good"),
    "held": Mark("✓", "đã nhận; bản gửi lại tạm giữ", "good"),
}
COUNTS = Mark("✓", "đã nhận", "good", is_usual=True)


class NoNightYet(Failure):
    """Nothing was ever closed or published."""


@dataclass(frozen=True)
class Night:
    """The subject of a page: a release that was published or tried, or a batch that changed nothing."""

    on: date
    release: releases.Release | None
    batches: list[int]
    is_backfill: bool
    is_unfinished: bool  # closed, but publishing stopped before there was a candidate

    @property
    def file_name(self) -> str:
        """The page's name: the newest sort last."""
        subject = f"ban-{self.release.release_id}" if self.release else f"lo-{self.batches[-1]}"
        return f"{self.on:%Y-%m-%d}-{subject}.html"


def write() -> str:
    """Writes the page of the newest night, and the index of all; the address of the page. Raises NoNightYet."""
    with warehouse.connect("auditor") as connection:
        night = _newest(connection)
        page = _environment().get_template("night.html.j2").render(_contents(connection, night))
        states = {release.release_id: release.state for release in releases.list_all(connection)}
    outbox = open_store("outbox")
    outbox.write(f"{FOLDER}/{night.file_name}", page.encode())
    names = sorted((name for name in outbox.names(FOLDER) if PAGE.fullmatch(name)), key=_place)
    index = _environment().get_template("index.html.j2").render(
        pages=[_entry(name, states) for name in reversed(names)]
    )  # fmt: skip
    outbox.write(f"{FOLDER}/index.html", index.encode())
    return f"{settings().outbox}/{FOLDER}/{night.file_name}"


def _place(name: str) -> tuple[str, int]:
    """Where a page stands among the others: by day, then by number."""
    return name[:10], int(name.removesuffix(".html").rpartition("-")[2])


def _entry(name: str, states: dict[int, str]) -> dict[str, Any]:
    day, number = _place(name)
    is_release = "-ban-" in name
    return {
        "name": name,
        "on": date.fromisoformat(day),
        "release": number if is_release else None,
        "state": states.get(number) if is_release else None,
    }


def _newest(connection: Connection) -> Night:
    newest = _rows(connection, "newest_night")
    if not newest:
        raise NoNightYet("no night has ended yet: `mangnon night` does one")
    release_id, batch_id, happened_at = newest[0].values()
    batches = _rows(connection, "batches_of_night", batch=batch_id, release=release_id)
    if batches:
        happened_at = batches[-1]["happened_at"]
    return Night(
        on=happened_at.astimezone(TIMEZONE).date(),
        release=releases.get(connection, release_id) if release_id else None,
        batches=[batch["batch_id"] for batch in batches],
        is_backfill=bool(batches) and all(batch["kind"] == "backfill" for batch in batches),
        is_unfinished=release_id is None and batches[-1]["state"] == "closed",
    )


def _contents(connection: Connection, night: Night) -> dict[str, Any]:
    """Everything that the template shows."""
    visible = next((release for release in releases.list_all(connection) if release.is_visible), None)
    seen = visible.release_id if visible else 0
    of = {
        "batches": night.batches,
        "release": night.release.release_id if night.release else None,
        "visible": seen,  # what readers see now; 0 when there is nothing
        "computed": night.release.release_id if night.release else seen,  # whose expectations hold
        "months": MONTHS_BEFORE + 1,
        "named": REASONS_NAMED,
    }
    senders = _rows(connection, "senders", **of)
    stopped = _rows(connection, "loads_with_reasons", **of, severity="critical")
    verdicts = _rows(connection, "release_verdicts", **of)
    about = _about(connection, seen)
    expected = _rows(connection, "expected", **of)
    names = {row["reporter_code"]: row["name"] for row in _rows(connection, "names_of_reporters")}
    return {
        "night": night,
        "visible": visible,
        "about": about,
        "years": [
            (row.pop("year"), annual_report.completeness(**row))
            for row in _rows(connection, "completeness_of_years", **of)
        ],
        "is_synthetic": bool(about and about["is_synthetic"]) or _has_synthetic(connection, night.batches),
        "names": {REFERENCE_REPORTER: "Danh mục dùng chung", None: "Không rõ đơn vị"} | names,
        "titles": {name: form.title for name, form in all_forms().items()},
        "misplaced": _rows(connection, "misplaced"),
        "misplaced_named": FOLDERS_NAMED,
        "office": OFFICE,
        "senders": sorted(senders, key=lambda row: _order(names, row["reporter_code"])),
        "reporters_sent": sum(row["reporter_code"] is not None for row in senders),
        "refused": [load for load in stopped if load["state"] == "refused"],
        "held": [load for load in stopped if load["state"] == "held"],
        "refusal": [_said(verdict) for verdict in verdicts if verdict["severity"] == "critical"],
        "holding": [_said(verdict) for verdict in verdicts if verdict["holds_release"]],
        "release_warnings": [_said(verdict) for verdict in verdicts if verdict["severity"] == "warning"],
        "warnings": _rows(connection, "loads_with_reasons", **of, severity="warning"),
        "warnings_named": WARNINGS_NAMED,
        **_changes(connection, night),
        **_reporting(names, expected),
        "silences": _silences(connection, of, names),
        "written_at": datetime.now(TIMEZONE),
    }


def _said(verdict: dict[str, Any]) -> str:
    """Returns the message of a verdict on the release; about one load, with its file and month."""
    if verdict["file_name"] is None:
        return str(verdict["message"])
    of_month = f", kỳ {month(verdict['period'])}" if verdict["period"] else ""
    return f"{verdict['message']} (tệp {verdict['file_name']}{of_month})"


def _changes(connection: Connection, night: Night) -> dict[str, Any]:
    """Returns the figures in which the release differs from the one before; none for a refused release."""
    if night.release is None or night.release.state == "refused":
        return {"before": None, "difference": None}
    before = releases.published_before(connection, night.release.release_id)
    difference = releases.diff(connection, before, night.release.release_id) if before else None
    return {"before": before, "difference": difference}


def _reporting(names: dict[str, str], expected: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns who reported the last month, form by form, and the missing forms of the months before."""
    last_period = expected[0]["last_period"] if expected else None
    cells = {
        (row["reporter_code"], row["form"]): _cell(row) for row in expected if row["period"] == last_period
    }  # fmt: skip
    missing = [row for row in expected if row["period"] != last_period and not row["is_counted"]]
    return {
        "last_period": last_period,
        "forms_shown": [form.name for form in submission_forms()],
        "reporters": sorted({reporter for reporter, _ in cells}, key=lambda reporter: _order(names, reporter)),
        "cells": cells,
        "received": sum(row["is_counted"] for row in expected if row["period"] == last_period),
        "gaps_named": GAPS_NAMED,
        "gaps": [
            (period, _by_reporter(names, list(rows)))
            for period, rows in groupby(missing, key=lambda row: row["period"])
        ],
    }


def _by_reporter(names: dict[str, str], rows: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Each reporter with its forms, in the order of the lists."""
    order = [form.name for form in submission_forms()]
    reporters = sorted({row["reporter_code"] for row in rows}, key=lambda reporter: _order(names, reporter))
    return [
        (reporter, sorted((row["form"] for row in rows if row["reporter_code"] == reporter), key=order.index))
        for reporter in reporters
    ]


def _cell(row: dict[str, Any]) -> dict[str, Any]:
    mark = COUNTED.get(row["state"], COUNTS) if row["is_counted"] else NOT_COUNTED.get(row["state"], WAITS)
    return {"mark": mark, "received_at": row["received_at"]}


def _silences(connection: Connection, of: dict[str, Any], names: dict[str, str]) -> list[dict[str, Any]]:
    labels = dict(all_forms()["incidents"].field("incident_class").categories)
    silences = _rows(connection, "silences", **of)
    for silence in silences:
        silence["label"] = labels[silence["incident_class"]]
        silence["reporters"].sort(key=lambda reporter: _order(names, reporter))
    return sorted(silences, key=lambda silence: (list(labels).index(silence["incident_class"]), silence["status"]))


def _order(names: dict[str, str], reporter: str | None) -> tuple[int, str]:
    codes = list(names)
    return (codes.index(reporter) if reporter in names else len(codes), reporter or "")


def _about(connection: Connection, release_id: int) -> dict[str, Any] | None:
    query = "select * from core.computed_about_release where release_id = %s"
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, [release_id]).fetchone()


def _has_synthetic(connection: Connection, batches: list[int]) -> bool:
    """Whether anything in these batches is synthetic."""
    row = connection.execute(
        """
        select exists (
            select from ops.loads inner join ops.deliveries using (delivery_id)
            where batch_id = any(%s) and is_synthetic
        )
        """,
        [batches],
    ).fetchone()
    return row == (True,)


def _rows(connection: Connection, query: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query in `sql/`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(__package__, query), parameters).fetchall()


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mangnon.serving", "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    return environment
