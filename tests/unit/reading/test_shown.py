"""What a cell looks like in its reporter's program."""

import pytest

from mangnon.reading.files.shown import as_shown


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
