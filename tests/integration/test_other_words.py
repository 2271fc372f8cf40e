"""Every message is said in other words: a night does the same, to the last marked cell, and only says it otherwise."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from openpyxl.cell.cell import Cell, MergedCell
from support import databases, messy
from support.bad_input import ONE_ROW, WHOLE_FILE, WHOLE_FORM, edited
from support.nights import do_night
from support.outcomes import everything
from support.workbooks import event, send

from mangnon import warehouse
from mangnon.contract.code_lists import OFFICE
from mangnon.contract.forms import all_forms
from mangnon.publishing import decisions, gates, phases
from mangnon.reading import problems
from mangnon.serving import annual_report, night_page
from mangnon.stores.mark import MARK
from mangnon.telling import messages

JUNE = date(2020, 6, 1)
PLACE = "⟪place⟫ "
MOMENT = re.compile(r"\d\d:\d\d ngày \d\d/\d\d/\d{4}")
complete = annual_report.completeness
# What was found and decided, without the sentences that say so.
FACTS = {
    "loads": """
        select load_id, file_name, form, state, rows_in, rows_loaded, rows_refused, declared_totals, content_hash
        from ops.loads inner join ops.deliveries using (delivery_id) order by load_id
    """,
    "problems": """
        select load_id, problem_number, rule, severity, sheet_name, row_number, field, cell, value, wording_id,
            wording_values
        from raw.problems order by load_id, problem_number
    """,
    "refused rows": "select * from raw.refused_rows order by load_id, sheet_name, row_number",
    "verdicts": """
        select gate, batch_id, release_id, load_id, expectation, severity, holds_release, is_met, observed, detail
        from ops.verdicts order by gate, expectation, batch_id, release_id, load_id, observed, detail
    """,
    "cells": """
        select expectation, load_id, sheet_name, row_number, field
        from ops.verdict_cells inner join ops.verdicts using (verdict_id) order by 1, 2, 3, 4, 5
    """,
    "releases": "select release_id, state, refused_for from ops.releases order by release_id",
    "approvals": "select release_id, refused_release, rules from ops.release_approvals order by release_id",
    "feedback": "select feedback_id, reporter_code, period, delivery_id, topics, paths from ops.feedback order by 1",
}
WORDS = """
    select message
    from raw.problems inner join ops.loads using (load_id)
    where batch_id > (select max(batch_id) from ops.release_batches where release_id = 1)
    union all
    select message from ops.verdicts
    where batch_id > (select max(batch_id) from ops.release_batches where release_id = 1) or release_id > 1
    union all
    select verdict_cells.message
    from ops.verdict_cells inner join ops.verdicts using (verdict_id)
    where batch_id > (select max(batch_id) from ops.release_batches where release_id = 1) or release_id > 1
"""


@dataclass(frozen=True)
class Night:
    """What one night left behind: facts, what BI sees, the workbooks, the page; and apart from them the words."""

    facts: dict[str, list[tuple[Any, ...]]]
    marts: dict[str, list[tuple[Any, ...]]]
    workbooks: dict[str, list[tuple[Any, ...]]]
    page: list[str]
    words: list[str]
    summaries: list[str]


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """One inbox with every kind of wrong file, and some that are right."""
    inbox = tmp_path / "sent"
    office = inbox / OFFICE
    office.mkdir(parents=True)
    (inbox / MARK).touch()
    for number, (name, make, *_) in enumerate([*WHOLE_FILE.values(), *WHOLE_FORM.values(), *ONE_ROW.values()]):
        make(office / f"{number:02}-{name}")
    edited(lambda book: book["Hoạt động"].cell(3, 13, "Họ tên cán bộ"))(office / "persons.xlsx")
    style = messy.Style(messy.without_diacritics, nil="-", serial_days=True)
    messy.workbook(office / "by hand.xlsx", messy.submission("201", JUNE), style)
    texts = {f"{name}.csv": messy.csv_text(all_forms()[name], messy.submission("202", JUNE), ";").encode()
             for name in messy.SHEETS}  # fmt: skip
    messy.bundle(office / "texts.zip", texts | {"Thumbs.db": b""})
    send(inbox, "195", {"events": [event("195", 1), event("195", 1, child_attendances=400)]}, 2)
    send(inbox, "196", {"events": [event("196", 1, attendances=3)]}, 2, reason="")
    for count in (5, 6):
        send(inbox, "198", {"events": [event("198", count)]}, 2)
    return inbox


def reworded(path: Path) -> Path:
    """The catalogue with an id in place of each wording."""
    content = yaml.safe_load(problems.CATALOGUE.read_text(encoding="utf-8"))
    for rule, declared in problems.catalogue().items():
        said = {problem_id.partition(".")[2]: f"⟦{problem_id}⟧" for problem_id in declared.wordings}
        content["problems"][rule]["wording"] = said.get("", said)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def say_otherwise(patch: pytest.MonkeyPatch, catalogue: Path, mark: str) -> None:
    """Replaces the words of the reader, of the gates and of the page."""
    patch.setattr(problems, "CATALOGUE", catalogue)
    patch.setattr(problems, "IN_CELL", PLACE + "{said}")
    rules = [replace(rule, message_vi=f"{mark}{rule.name}⟧", mend_vi=rule.mend_vi and mark) for rule in gates.RULES]
    patch.setattr(gates, "RULES", rules)
    patch.setattr(
        annual_report, "completeness", lambda *args, **named: [f"{mark}, ⟧" for _ in complete(*args, **named)]
    )
    for name in ("COUNTS", "WAITS"):
        patch.setattr(night_page, name, replace(getattr(night_page, name), symbol="?", words=mark))
    for name in ("COUNTED", "NOT_COUNTED"):
        marks = {state: replace(said, symbol="?", words=mark) for state, said in getattr(night_page, name).items()}
        patch.setattr(night_page, name, marks)


@contextmanager
def a_night(template: tuple[str, Path], folder: Path, sent: Path) -> Iterator[pytest.MonkeyPatch]:
    """A warehouse of its own, with the sample published and the files in its inbox."""
    name = f"{databases.PREFIX}words_{os.getpid()}"
    shutil.copytree(sent, folder / "inbox")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAREHOUSE_URL", databases.make(name, template[0]))
        shutil.copytree(template[1] / "archive", folder / "archive")
        for place in ("inbox", "archive", "outbox"):
            patch.setenv(f"MANGNON_{place.upper()}", str(folder / place))
        try:
            yield patch
        finally:
            databases.drop(name)


def left_behind(folder: Path) -> Night:
    """What there is to compare after a night that was told."""
    with warehouse.connect() as connection:
        facts = {what: connection.execute(query.encode()).fetchall() for what, query in FACTS.items()}
        facts["feedback"] = [
            (*row[:-1], [path.removeprefix(str(folder)) for path in row[-1]]) for row in facts["feedback"]
        ]
        words = [message for (message,) in connection.execute(WORDS.encode())]
    outbox = folder / "outbox"
    workbooks = {str(path.relative_to(outbox)): structure(path) for path in sorted(outbox.rglob("*.xlsx"))}
    (page,) = outbox.rglob("????-*.html")
    marts = everything(warehouse)
    for (rule,) in marts["quality_by_rule"]:
        del rule["month"]  # the two nights may fall into two months
    summaries = [text for path in outbox.rglob("*.xlsx") for text in summary(path)]
    return Night(facts, marts, workbooks, re.findall(r"<[^>]+>", page.read_text(encoding="utf-8")), words, summaries)


def structure(path: Path) -> list[tuple[Any, ...]]:
    """Every cell of a workbook with its marks; what it says, but for sentences and the moment of receipt."""
    book = openpyxl.load_workbook(path)
    return [
        (
            sheet.title, cell.coordinate, cell.fill.fgColor.rgb, cell.hyperlink and cell.hyperlink.location,
            cell.comment is not None, None if sheet.title == "Phản hồi" and cell.column == 6 else without_moment(cell),
        )
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if sheet.title == "Phản hồi" or cell.value is not None
    ]  # fmt: skip


def without_moment(cell: Cell | MergedCell) -> object:
    """What a cell says. The two nights receive the same files at two moments."""
    return MOMENT.sub("⟪moment⟫", cell.value) if isinstance(cell.value, str) else cell.value


def summary(path: Path) -> list[str]:
    """The sentences of the first sheet of a workbook."""
    return [str(row[5].value) for row in openpyxl.load_workbook(path)["Phản hồi"].iter_rows() if row[5].value]


def test_nothing_but_words_changes(published_template: tuple[str, Path], sent: Path, tmp_path: Path) -> None:
    with a_night(published_template, tmp_path / "as it is", sent) as patch:
        as_it_is = told(patch, tmp_path / "as it is", None)
    with a_night(published_template, tmp_path / "otherwise", sent) as patch:
        otherwise = told(patch, tmp_path / "otherwise", reworded(tmp_path / "problems.yml"))
    assert otherwise.facts == as_it_is.facts
    assert otherwise.marts == as_it_is.marts
    assert otherwise.workbooks == as_it_is.workbooks
    assert otherwise.page == as_it_is.page
    assert [message for message in otherwise.words if "⟦" not in message and "⟨" not in message] == []
    assert [message for message in as_it_is.words if "⟦" in message] == []
    assert [sentence for sentence in otherwise.summaries if PLACE in sentence] == [], "the line says itself where it is"
    assert [sentence for sentence in otherwise.summaries if "⟦not_a_number." in sentence]
    assert len({rule for _, _, rule, *_ in as_it_is.facts["problems"]}) >= 39
    assert as_it_is.facts["cells"]
    assert {state for _, _, _, state, *_ in as_it_is.facts["loads"]} >= {"accepted", "refused", "held"}
    assert "personal_data_column" in {row[4] for row in as_it_is.facts["verdicts"] if not row[7]}


def told(patch: pytest.MonkeyPatch, folder: Path, catalogue: Path | None) -> Night:
    """A night that a person has to let pass, and all that is told of it; in other words when a catalogue has them."""
    if catalogue:
        say_otherwise(patch, catalogue, "⟦")
    with pytest.raises(phases.ReleaseRefused):
        do_night()
    if catalogue:
        say_otherwise(patch, catalogue, "⟨")  # what was found is approved, whatever it was called
    assert (question := decisions.question())
    assert decisions.approve(question[0], "Lan", "đã hỏi các đơn vị")
    messages.write_feedback()
    if catalogue:
        with warehouse.connect() as connection:
            connection.execute("update ops.loads set state_reason = '⟦tie' where state = 'held'")
    assert messages.write_feedback() == [], "a tie is told once, whatever it is called"
    night_page.write()
    return left_behind(folder)
