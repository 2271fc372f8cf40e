"""A headless LibreOffice in which tests do what a clerk does: open a workbook, type, choose from drop-downs, save.

It has a profile of its own and the settings of Viet Nam, so that it understands what is typed as it does there.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SOFFICE = shutil.which("soffice")
# UNO comes with the Python of the system, not with ours.
PYTHON = "/usr/bin/python3"
KINDS = {".xlsx": "Calc MS Excel 2007 XML", ".ods": "calc8", ".xls": "MS Excel 97"}
SETTINGS = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
  <item oor:path="/org.openoffice.Setup/L10N">
    <prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>vi</value></prop>
  </item>
</oor:items>
"""


def is_installed() -> bool:
    """Returns whether LibreOffice Calc and its UNO for the system's Python are there."""
    if SOFFICE is None or not Path(PYTHON).exists():
        return False
    return subprocess.run([PYTHON, "-c", "import uno"], capture_output=True).returncode == 0


class Book:
    """A workbook that is open in LibreOffice."""

    def __init__(self, hands: subprocess.Popen[str]) -> None:
        self._hands = hands

    def type(self, sheet: str, cell: str, text: str) -> None:
        """Types a text into a cell, or pastes it: what the cell's limits forbid can only be pasted."""
        self._do("type", sheet, cell, text)

    def choices(self, sheet: str, cell: str) -> list[str]:
        """The texts of the cell's drop-down; none if it has no drop-down."""
        return self._do("choices", sheet, cell)

    def rows(self, sheet: str) -> list[list[str]]:
        """What the cells of a sheet show."""
        return self._do("rows", sheet)

    def cell(self, sheet: str, cell: str) -> dict[str, str]:
        """What can be seen of a cell: its `colour` and its `note`."""
        return self._do("cell", sheet, cell)

    def follow(self, sheet: str, cell: str) -> list[str]:
        """Follows the link in a cell. Returns the sheet and the cell where it leads."""
        return self._do("follow", sheet, cell)

    @property
    def sheets(self) -> list[str]:
        return self._do("sheets")

    def save(self, path: Path) -> Path:
        """Writes the workbook in the format that the ending of the name says."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._do("save", str(path), KINDS[path.suffix])
        return path

    def _do(self, *act: str) -> Any:
        return _do(self._hands, *act)


class Office:
    """A LibreOffice that runs."""

    def __init__(self, hands: subprocess.Popen[str]) -> None:
        self._hands = hands

    @contextmanager
    def open(self, path: Path) -> Iterator[Book]:
        _do(self._hands, "open", str(path))
        yield Book(self._hands)
        _do(self._hands, "close")


@contextmanager
def running_office(home: Path) -> Iterator[Office]:
    """A LibreOffice with its profile in `home`; it ends with the context."""
    profile = home / "libreoffice"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(SETTINGS, encoding="utf-8")
    pipe = f"mangnon{os.getpid()}"
    options = ("--headless", "--norestore", "--nologo")
    office = subprocess.Popen(
        [SOFFICE, *options, f"-env:UserInstallation={profile.as_uri()}", f"--accept=pipe,name={pipe};urp;"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    script = Path(__file__).with_name("office_hands.py")
    with subprocess.Popen([PYTHON, script, pipe], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hands:
        try:
            yield Office(hands)
        finally:
            os.killpg(office.pid, signal.SIGKILL)  # first, or the hands could wait for it
            office.wait()


def _do(hands: subprocess.Popen[str], *act: str) -> Any:
    """Returns what came of an act; fails with what LibreOffice's Python said on standard error."""
    assert hands.stdin is not None
    assert hands.stdout is not None
    print(json.dumps(act), file=hands.stdin, flush=True)
    said = hands.stdout.readline()
    assert said, f"LibreOffice could not do this: {act}"
    return json.loads(said)
