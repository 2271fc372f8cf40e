"""Finds who is late: reporters whose due day has passed, and from whom an expected form is missing or was refused.

A reporter without a due day is never late. Nobody is reminded of months that are long past.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from mangnon.contract.code_lists import CodeLists, Reporter, month_after
from mangnon.contract.forms import NOTHING_HAPPENED, submission_forms
from mangnon.vietnamese import day, month
from mangnon.warehouse import Connection

# Reporters are reminded of a month until so many days after its due day.
DAYS = 90


@dataclass(frozen=True)
class Late:
    """A reporter, a month whose due day has passed, and the forms that are missing; none if all have arrived."""

    reporter: Reporter
    period: date
    due: date
    never_came: list[str]
    refused: list[str]

    @property
    def topics(self) -> list[str]:
        """The missing forms, with `:refused` after those that came and were refused."""
        return [*self.never_came, *(f"{form}:refused" for form in self.refused)]

    @property
    def subject(self) -> str:
        """The subject of the letter."""
        return f"Nhắc gửi báo cáo công tác trẻ em tháng {month(self.period)}: {self.reporter.name}"

    def text(self, today: date) -> str:
        """Returns the text of the letter."""
        reported = f"tháng {month(self.period)}"
        if not self.topics:
            return (
                f"Kính gửi {self.reporter.name},\n\n"
                f"Đến ngày {day(today)} đã nhận đủ các biểu của {reported}. Đơn vị không cần gửi thêm.\n"
            )
        titles = {form.name: form.title for form in submission_forms()}
        missing = [f"- {titles[form]}: chưa nhận được" for form in self.never_came]
        missing += [
            f"- {titles[form]}: đã nhận nhưng bị từ chối; cách sửa ở tệp phản hồi đã gửi" for form in self.refused
        ]
        return (
            f"Kính gửi {self.reporter.name},\n\n"
            f"Báo cáo công tác trẻ em {reported} đến hạn ngày {day(self.due)}. "
            f"Đến ngày {day(today)} còn thiếu:\n\n" + "\n".join(missing) + "\n\n"
            f"Biểu nào trong tháng không có gì thì vẫn gửi: chọn “{NOTHING_HAPPENED}” ở trang Bìa.\n"
            f"Kèm theo là tệp mẫu trống của {reported}. Nếu đơn vị vừa gửi, xin bỏ qua thư này.\n"
        )


def late_reporters(connection: Connection, lists: CodeLists, today: date) -> list[Late]:
    """Returns the reporters and months whose due day has passed, including those that miss nothing any more."""
    due = list(_due(lists, today))
    periods = list({period for _, period, _ in due})
    came: dict[tuple[str, date], dict[str | None, bool]] = defaultdict(dict)
    for reporter_code, period, form, is_received in connection.execute(
        """
        select reporter_code, period, form, bool_or(state <> 'refused')
        from ops.loads
        where period = any(%s)
        group by reporter_code, period, form
        """,
        [periods],
    ):
        came[reporter_code, period][form] = is_received
    unread = set(
        connection.execute(
            """
            select reporter_code, period
            from ops.deliveries
            where period = any(%s)
                and not exists (select from ops.loads where loads.delivery_id = deliveries.delivery_id)
            """,
            [periods],
        )
    )
    found = []
    for reporter, period, due_day in due:
        if (reporter.code, period) not in unread:  # an unread delivery may contain what is missing
            forms = came[reporter.code, period]
            missing = [form for form in reporter.expected_forms if not forms.get(form)]
            # A file that could not be read at all has a load without a form.
            refused = [form for form in missing if form in forms or None in forms]
            found.append(Late(reporter, period, due_day, [form for form in missing if form not in refused], refused))
    return found


def _due(lists: CodeLists, today: date) -> Iterator[tuple[Reporter, date, date]]:
    """Yields every reporter, month and due day that passed within the last DAYS days. The due day itself is in time."""
    for reporter in lists.reporters.values():
        if reporter.due_day is None:
            continue
        month = date(today.year, today.month, 1)
        while month > today - timedelta(days=DAYS + 31):
            due = date(month.year, month.month, min(reporter.due_day, monthrange(month.year, month.month)[1]))
            period = (month - timedelta(days=1)).replace(day=1)
            assert month_after(period) == month
            if due < today <= due + timedelta(days=DAYS) and reporter.is_valid_in(period):
                yield reporter, period, due
            month = period
