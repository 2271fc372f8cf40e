"""What a cell looks like in its reporter's program."""

import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from mangnon.reading.files.shown import Shown, as_shown


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (1.2, "0", "1"),
        (1.2, "#,##0", "1"),
        (4989.6, "#,##0", "4.990"),
        (1.25, "0.0", "1,3"),
        (1.2, "#,##0_);[Red]\\(#,##0\\)", "1"),
        (12.34, '#,##0" người"', "12"),
        (0.456, "0%", "46%"),
        (1.2, "0.0", None),
        (1.2, "General", None),
        (1.2, "@", None),
        (1.2, "dd/mm/yyyy", None),
    ],
)
def test_a_number_is_shown_as_its_format_says(value: float, number_format: str, shown: str | None) -> None:
    assert as_shown(value, number_format) == shown


@pytest.mark.parametrize(
    ("number_format", "shown"),
    [
        ("mm/dd/yyyy", "03/04/2021"),
        ("d\\-m\\-yy", "4-3-21"),
        ("[$-409]m/d/yyyy;@", "3/4/2021"),
        ('yyyy"."mm"."dd', "2021.03.04"),
        ("DD/MM/YY", "04/03/21"),
        ("dd/mm/yyyy", None),
        ("d-mmm-yy", None),
        ("mm-dd-yy", None),  # the format 14: each computer shows it in its own way
        ("[$-F800]dddd, mmmm dd, yyyy", None),
        ("dd/mm/yyyy h:mm", None),
    ],
)
def test_a_day_is_shown_as_its_format_says(number_format: str, shown: str | None) -> None:
    assert as_shown(datetime(2021, 3, 4), number_format) == shown


def test_an_ods_says_itself_what_its_cells_show(tmp_path: Path) -> None:
    rows = """
        <table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>
        <table:table-row table:number-rows-repeated="3">
            <table:table-cell table:number-columns-repeated="2" office:value-type="float" office:value="45.7">
                <office:annotation><text:p>khoảng</text:p></office:annotation><text:p>46</text:p>
            </table:table-cell>
            <table:covered-table-cell table:number-columns-repeated="2"/>
            <table:table-cell office:value-type="date" office:date-value="2021-04-03T10:00:00"><text:p>3 thg 4</text:p>
            </table:table-cell>
            <table:table-cell office:value-type="string"><text:p>45</text:p></table:table-cell>
            <table:table-cell office:value-type="float" office:value="1200.4"><text:p>1.200,4</text:p>
            </table:table-cell>
        </table:table-row>
        <table:table-row>
            <table:covered-table-cell office:value-type="float" office:value="0.5"><text:p>50%</text:p>
            </table:covered-table-cell>
        </table:table-row>"""
    spaces = " ".join(f'xmlns:{name}="urn:{name}"' for name in ("office", "table", "text"))
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as parts:
        tables = "".join(f'<table:table table:name="{name}">{rows}</table:table>' for name in ("Khác", "Hoạt động"))
        parts.writestr("content.xml", f"<office:document-content {spaces}>{tables}</office:document-content>")
    shown = Shown(tmp_path / "a.ods", "Hoạt động")
    found = {(row, column): text for row in range(8) for column in range(9) if (text := shown.at(row, column))}
    repeated = {(row, column): "46" for row in (2, 3, 4) for column in (0, 1)}
    assert found == repeated | {(row, 4): "3 thg 4" for row in (2, 3, 4)} | {(5, 0): "50%"}


def test_a_workbook_that_only_calamine_can_read_shows_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and nothing else")
    assert Shown(tmp_path / "a.xls", "Hoạt động").at(0, 0) is None
