"""The page of a night, made by real nights and looked at in a real browser."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import Page, sync_playwright
from support.workbooks import event, send

from mangnon.cli.main import cli
from mangnon.contract.code_lists import OFFICE
from mangnon.intake import steps
from mangnon.publishing import decisions, phases
from mangnon.serving import night_page
from mangnon.serving.night_page import NoNightYet

HOSTILE = "<img src=x onerror=alert(1)>&'\".xlsx"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def browser_page() -> Iterator[Callable[[str, int], Page]]:
    """Opens a file in Chromium, in a window of that width."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: `apt install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def open_page(path: str, width: int) -> Page:
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.goto(Path(path).as_uri())
            return page

        yield open_page
        browser.close()


def text_of(path: str) -> str:
    """The words of the page, in their order."""
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", Path(path).read_text(), flags=re.DOTALL)
    return " ".join(text.split())


def assert_accessible(page: Page) -> None:
    """axe-core finds nothing serious, and nothing lies outside the window."""
    violations: list[dict[str, Any]] = Axe().run(page).response["violations"]
    grave = [(rule["id"], rule["nodes"]) for rule in violations if rule["impact"] in ("serious", "critical")]
    assert grave == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_night_with_refusals(
    published: ModuleType,
    tmp_path: Path,
    run_night: Callable[[], int | None],
    browser_page: Callable[[str, int], Page],
) -> None:
    inbox = tmp_path / "inbox"
    # 193 corrects its sessions; 194's rows cannot be read; 195 sends two contents of one revision; 196 withdraws its
    # events without a reason; and somebody sends no workbook at all.
    sessions = "select value from marts.annual_report where figure = 'F01' and year = 2020"
    with published.connect("auditor") as connection:
        (before,) = connection.execute(sessions).fetchone()
    send(inbox, "193", {"events": [event("193", 20)]}, 2)
    send(inbox, "194", {"events": [event("194", -number, delegations=-1) for number in range(1, 4)]}, 2)
    os.rename(next(inbox.glob("194/*")), inbox / "194" / "194.xlsx")
    send(inbox, "195", {"events": [event("195", 5)]}, 2)
    send(inbox, "195", {"events": [event("195", 6)]}, 2)
    send(inbox, "196", {"events": []}, 2, reason="")
    (inbox / OFFICE).mkdir()
    (inbox / OFFICE / HOSTILE).write_bytes(b"no workbook")
    assert run_night() == 2

    result = CliRunner().invoke(cli, ["page"], catch_exceptions=False)
    path = result.output.strip()
    text = text_of(path)
    day = path.rpartition("/")[2][:10].split("-")
    assert (
        f"Đêm {day[2]}/{day[1]}/{day[0]}: 4 đơn vị gửi, 2 biểu bị trả lại, 2 biểu tạm giữ; "
        "bản phát hành 2 đã được công bố." in text
    )
    assert "Dữ liệu mẫu (giả định); phần chia theo huyện không phải số liệu thật." in text
    assert "Bản 2" in text
    assert "13/13 huyện" in text
    assert "70/70 biểu" in text
    assert "Phòng LĐ-TB&amp;XH thành phố Móng Cái 194/194.xlsx Hoạt động, 07/2020 Ô E4" in text
    with published.connect("auditor") as connection:
        (reasons,) = connection.execute(
            """
            select count(*) from (
                select rule, field || wording_values::text from raw.problems inner join ops.loads using (load_id)
                where reporter_code = '194' and severity = 'critical'
                union
                select expectation, message from ops.verdicts inner join ops.loads using (load_id)
                where reporter_code = '194' and severity = 'critical' and not is_met
            ) as reasons
            """
        ).fetchone()
    assert reasons > 3
    assert f"và {reasons - 3} lý do khác" in text
    assert "(và 2 chỗ khác như vậy)" in text, "what differs in its row alone is one reason"
    assert "Hai tệp khác nhau cùng lần gửi 2" in text
    assert "Gửi lại làm thay đổi số liệu đã công bố nhưng bìa không ghi" in text
    with published.connect("auditor") as connection:
        (now,) = connection.execute(sessions).fetchone()
    change = f"{'tăng' if now > before else 'giảm'} {abs(now - before):f}"
    assert f"2020 F01 · Buổi tuyên truyền tại trường học, cộng đồng (buổi) {before:f} {now:f} {change} " in text
    assert "F02" in text
    assert "49.980" in text

    source = Path(path).read_text()
    assert HOSTILE not in source
    assert "<script" not in source
    assert not re.search(r"""(?:src|href)=["'](?!index\.html)""", source), "the page points to nothing outside"
    index = text_of(f"{path.rpartition('/')[0]}/index.html")
    assert f"{day[2]}/{day[1]}/{day[0]}, bản 2 đã công bố" in index

    for width in (1200, 390):
        page = browser_page(path, width)
        assert_accessible(page)
        assert page.locator("bdi.file", has_text="onerror").inner_text() == f"{OFFICE}/{HOSTILE}"
        assert page.locator("h1").count() == 1
    page.get_by_role("link", name="Các đêm khác").click()
    assert_accessible(page)
    page.get_by_role("link", name="bản 2").click()
    assert page.url.endswith(path.rpartition("/")[2])


def test_nights_that_publish_nothing(
    published: ModuleType,
    tmp_path: Path,
    run_night: Callable[[], int | None],
    browser_page: Callable[[str, int], Page],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inbox = tmp_path / "inbox"
    send(inbox, "194", {"events": [event("194", 1, child_attendances=400)]}, 2)
    assert run_night() is None
    unchanged = night_page.write()
    assert "-lo-" in unchanged
    text = text_of(unchanged)
    assert "1 đơn vị gửi, 1 biểu bị trả lại; số liệu không thay đổi, người đọc vẫn thấy bản phát hành 1." in text
    assert "Số liệu người đọc thấy không thay đổi." in text

    # A release that nobody is to blame for: what was published of a year is gone from the candidate.
    send(inbox, "193", {"events": [event("193", 2)]}, 2)
    build = phases.dbt.build_release_tables

    def build_without_a_figure(release_id: int) -> None:
        build(release_id)
        with published.connect() as connection:
            connection.execute(
                "delete from core.computed_annual_report where release_id = %s and figure = 'F13'", [release_id]
            )

    with monkeypatch.context() as patch:
        patch.setattr(phases.dbt, "build_release_tables", build_without_a_figure)
        with pytest.raises(phases.ReleaseRefused):
            run_night()
    refused = night_page.write()
    text = text_of(refused)
    assert (
        "1 đơn vị gửi, không biểu nào bị trả lại; bản phát hành 2 KHÔNG được công bố, người đọc vẫn thấy bản 1." in text
    )
    assert "Báo cáo năm thiếu chỉ tiêu: F13" in text
    assert "✕ Không công bố" in text
    assert_accessible(browser_page(refused, 1200))

    # The next night takes its loads along. What a person decides is told as well.
    send(inbox, "195", {"events": [event("195", 2)]}, 2)
    assert run_night() == 3
    assert "2 đơn vị gửi, không biểu nào bị trả lại; bản phát hành 3 đã được công bố." in text_of(night_page.write())
    assert decisions.roll_back(1, "Lan", "số sai") == 4
    rollback = text_of(night_page.write())
    assert "bản phát hành 4 cho thấy lại bản 1." in rollback
    assert "Theo yêu cầu của Lan : số sai" in rollback
    pages = [path.name for path in Path(refused).parent.glob("2*.html")]
    assert len(pages) == 4
    assert [name in pages for name in re.findall(r'href="(2[^"]+)"', (Path(refused).parent / "index.html").read_text())]


def test_a_release_that_waits_for_a_person(
    published: ModuleType,
    tmp_path: Path,
    run_night: Callable[[], int | None],
    browser_page: Callable[[str, int], Page],
) -> None:
    send(tmp_path / "inbox", "193", {"events": [event("193", 60)]}, 2, "thiếu sổ theo dõi")
    with pytest.raises(phases.ReleaseRefused):
        run_night()
    held = night_page.write()
    assert "bản phát hành 2 chờ người có thẩm quyền duyệt, người đọc vẫn thấy bản 1." in text_of(held)
    assert "Cảnh báo cần xem Gửi lại làm thay đổi lớn chỉ tiêu đã công bố của năm đã kết thúc: F01" in text_of(held)
    assert_accessible(browser_page(held, 1200))
    decisions.approve(2, "Bà Mai", "đã có văn bản")
    assert "Được Bà Mai duyệt công bố dù có cảnh báo: đã có văn bản" in text_of(night_page.write())


def test_before_the_first_night(warehouse: ModuleType) -> None:
    with pytest.raises(NoNightYet, match="no night has ended yet"):
        night_page.write()


def test_a_first_night_without_a_submission_that_can_be_read(
    listed: ModuleType, tmp_path: Path, run_night: Callable[[], int | None]
) -> None:
    (tmp_path / "inbox" / OFFICE).mkdir()
    (tmp_path / "inbox" / OFFICE / "rác.xlsx").write_bytes(b"no workbook")
    for reporter in steps.collect():
        steps.load(reporter)
    steps.close()
    unfinished = text_of(night_page.write())
    assert "0 đơn vị gửi, 1 biểu bị trả lại; hệ thống chưa xử lý xong, người đọc chưa thấy gì." in unfinished
    assert "Chưa có bản nào" in unfinished
    assert run_night() == 1
    text = text_of(night_page.write())
    assert "0 đơn vị gửi, 1 biểu bị trả lại; bản phát hành 1 đã được công bố." in text
    assert "Không rõ đơn vị _office/rác.xlsx Cả tệp" in text
    assert "Đây là bản phát hành đầu tiên." in text
