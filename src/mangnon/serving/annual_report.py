"""The annual report, in Vietnamese: every figure comes from marts.annual_report, none is computed here."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from psycopg.rows import class_row, dict_row

from expectations import RULES
from mangnon.failures import Failure
from mangnon.settings import TIMEZONE
from mangnon.vietnamese import amount, listed, moment
from mangnon.warehouse import Connection

CSV_COLUMNS = (
    "figure", "value", "qualifier", "unit", "label", "previous_value", "change", "release_id",
    "expected_reporters", "complete_reporters", "expected_districts", "complete_districts",
)  # fmt: skip


class NothingPublished(Failure):
    """No release has figures of that year."""


@dataclass(frozen=True)
class Figure:
    """A row of marts.annual_report."""

    release_id: int
    year: int
    figure: str
    section: str
    label: str
    unit: str
    value: Decimal | None
    qualifier: str | None
    previous_value: Decimal | None
    change: Decimal | None
    expected_reporters: int
    complete_reporters: int
    expected_districts: int
    complete_districts: int
    is_synthetic: bool

    @property
    def completeness(self) -> str:
        """How many of those who had to report have reported every month."""
        return listed(
            completeness(
                self.expected_reporters, self.complete_reporters, self.expected_districts, self.complete_districts
            )
        )


def completeness(
    expected_reporters: int, complete_reporters: int, expected_districts: int, complete_districts: int
) -> list[str]:
    """`13/13 huyện`, `3/3 đơn vị khác`: of those who had to report, who has reported every month."""
    counts = (
        (complete_districts, expected_districts, "huyện"),
        (complete_reporters - complete_districts, expected_reporters - expected_districts, "đơn vị khác"),
    )
    return [f"{complete}/{expected} {who}" for complete, expected, who in counts if expected]


def figures(connection: Connection, year: int) -> list[Figure]:
    """The figures of a year in the release that the connection looks at. Raises NothingPublished."""
    columns = ", ".join("figure_label as label" if name == "label" else name for name in Figure.__dataclass_fields__)
    with connection.cursor(row_factory=class_row(Figure)) as cursor:
        rows = cursor.execute(
            f"select {columns} from marts.annual_report where year = %s order by figure_sort_order",
            [year],
        ).fetchall()
    if not rows:
        raise NothingPublished(f"no published release has figures of {year}; `mangnon status` shows what is published")
    return rows


def as_csv(rows: list[Figure]) -> str:
    """The figures as CSV, numbers plain, one line a figure."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        cells = (getattr(row, column) for column in CSV_COLUMNS)
        writer.writerow(f"{cell.normalize():f}" if isinstance(cell, Decimal) else cell for cell in cells)
    return text.getvalue()


def as_text(connection: Connection, rows: list[Figure]) -> str:
    """The figures as the province reads them, grouped as in the published report."""
    return "\n".join(_lines(connection, rows)) + "\n"


def _lines(connection: Connection, rows: list[Figure]) -> Iterator[str]:
    year = rows[0].year
    messages = {rule.name: rule.message_vi for rule in RULES}
    with connection.cursor(row_factory=dict_row) as cursor:
        release = cursor.execute("select * from marts.about_release").fetchone()
    assert release is not None
    published = release["published_at"]  # in Viet Nam
    state = f"công bố {moment(published.replace(tzinfo=TIMEZONE))}" if published else "chưa công bố"
    yield f"KẾT QUẢ CÔNG TÁC BẢO VỆ TRẺ EM TỈNH QUẢNG NINH NĂM {year}"
    yield f"Bản số {release['release_id']}, {state}."
    if release["approved_warnings"]:
        warned = [messages.get(rule, rule) for rule in release["approved_warnings"].split()]
        yield f"Công bố dù có cảnh báo: {'; '.join(warned)}."
    if any(row.is_synthetic for row in rows):
        yield "Lập từ dữ liệu mẫu: số liệu chia theo huyện là giả định, không phải số liệu thật."
    yield "Sau mỗi số liệu: số huyện, số đơn vị khác đã báo cáo đủ các tháng trên số phải báo cáo."
    width = max(len(row.label) for row in rows)
    values = {row.figure: amount(row.value, row.unit, row.qualifier) for row in rows}
    value_width = max(map(len, values.values()))
    complete_width = max(len(row.completeness) for row in rows)
    for section, members in groupby(rows, key=lambda row: row.section):
        yield f"\n{section}"
        for row in members:
            value = f"{row.label:<{width}}  {values[row.figure]:>{value_width}}"
            yield f"  {row.figure}  {value}  {row.completeness:<{complete_width}}  {_change(row)}".rstrip()


def _change(row: Figure) -> str:
    if row.change is None:
        return ""
    if row.change == 0:
        return f"bằng năm {row.year - 1}"
    direction = "tăng" if row.change > 0 else "giảm"
    return f"{direction} {amount(abs(row.change), row.unit)} so với năm {row.year - 1}"
