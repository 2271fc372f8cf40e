"""The house as docs/architecture.md shows it, the house as it is, and who may know whom are one."""

import re
import tomllib
from pathlib import Path

from mangnon.settings import PROJECT

ROOMS = PROJECT / "src" / "mangnon"
# | 3 | `telling` | what reporters get back | `mail`, `messages` |
ROW = re.compile(r"\| (\d) \| `(\w+)` \| .* \| (.*) \|")


def shown() -> dict[str, tuple[int, list[str]]]:
    """Of each room its floor, counted from the top, and its modules, as the page says."""
    page = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return {room: (int(floor), re.findall(r"`([\w/]+)`", modules)) for floor, room, modules in ROW.findall(page)}


def modules_of(room: Path) -> list[str]:
    """The modules of a room, as the page names them: `files/delimited` lies one folder deeper."""
    if room.with_suffix(".py").is_file():
        return []
    found = (path.relative_to(room).with_suffix("").as_posix() for path in room.rglob("*.py"))
    return sorted(name for name in found if not Path(name).name.startswith("__"))


def test_every_room_and_module_is_shown_and_no_other() -> None:
    entries = {path.stem for path in ROOMS.iterdir() if not path.name.startswith("__")}
    house = shown()
    assert set(house) == entries | {"expectations"}
    for room in sorted(entries):
        assert sorted(house[room][1]) == modules_of(ROOMS / room), room


def test_the_floors_are_those_that_lint_holds() -> None:
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    held = {
        room.strip().removeprefix("mangnon."): number
        for number, layer in enumerate(layers, start=1)
        for room in layer.split("|")
    }
    assert {room: floor for room, (floor, _) in shown().items()} == held


def test_the_house_stays_small() -> None:
    assert len([path for path in ROOMS.iterdir() if not path.name.startswith("__")]) <= 18
    code = [*ROOMS.rglob("*.py"), *(PROJECT / "expectations").rglob("*.py"), *(PROJECT / "dags").glob("*.py")]
    long = {path.relative_to(PROJECT).as_posix(): count for path in code if (count := _lines(path)) > 400}
    assert long == {}, "no module has more than 400 lines: it holds two subjects"


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())
