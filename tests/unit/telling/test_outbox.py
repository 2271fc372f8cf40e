"""Names and places in the outbox: what a sender wrote leads nowhere else."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from mangnon.contract.code_lists import CodeLists
from mangnon.telling import outbox

REPORTER = CodeLists.from_package().reporters["193"]


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("Báo cáo tháng 3", "Báo cáo tháng 3"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "tep"),
        ("", "tep"),
        ("a\\b:c*d?e|f<g>h\n\0", "a_b_c_d_e_f_g_h__"),
        (".ẩn", "ẩn"),
        ("ệ" * 300, "ệ" * 60),
    ],
)
def test_a_name_is_a_name(given: str, safe: str) -> None:
    assert outbox.safe_name(given) == safe


def test_each_reporter_and_month_has_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANGNON_OUTBOX", str(tmp_path))
    march = date(2020, 3, 1)
    assert outbox.address(REPORTER, march, "a.xlsx") == f"{tmp_path}/193/2020-03/a.xlsx"
    assert outbox.address(replace(REPORTER, code="../x"), march, "a.xlsx") == f"{tmp_path}/_x/2020-03/a.xlsx"
    assert outbox.address(None, None, "a.xlsx") == f"{tmp_path}/_khong-ro-don-vi/a.xlsx"


def test_a_file_is_whole_and_replaces_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANGNON_OUTBOX", str(tmp_path / "outbox"))
    target = f"{tmp_path}/outbox/193/2020-03/a.xlsx"
    for content in (b"first", b"second"):
        (tmp_path / "local").write_bytes(content)
        outbox.put(tmp_path / "local", target)
        assert outbox.get(target) == content
    assert not list(tmp_path.rglob("*.part"))
