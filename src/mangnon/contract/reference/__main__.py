"""The communes of the province, from the data of vietnamadminunits (MIT): `python -m mangnon.contract.reference`.

communes.json has the package's rows of the province, with its licence; the package itself is no dependency.

Writes its rows of areas.csv and successions.csv again and leaves those of other sources, which were written by hand:
it knows the communes of 2024-11 and of 2025-07 and which became which, and nothing before that. Raise the revision in
the cover of a list that changed. Weights are never guessed: nobody has published how the people of a divided commune
were divided.
"""

import csv
import io
import json
from collections import defaultdict
from typing import Any

from mangnon.contract.code_lists import REFERENCE_FOLDER, packaged_rows
from mangnon.contract.forms import all_forms

PROVINCE = "22"
SOURCE = "vietnamadminunits 1.0.4 (MIT) read 2026-11-23"
DERIVED = "derived from the communes of " + SOURCE
# When the acts took effect. The package's older communes are those of its last state before 1679/NQ-UBTVQH15; many of
# them are older than the day from which they are listed here.
OLD_COMMUNES_FROM, NEW_COMMUNES_FROM = "2024-11-01", "2025-07-01"
LEGAL_ACT = "1679/NQ-UBTVQH15"
KINDS = {"Phường": "ward", "Xã": "commune", "Thị trấn": "township", "Đặc khu": "special_zone"}
# Codes that other lists give to the same commune.
OTHER_CODES = {"06970": "06978"}

Row = dict[str, str]


def lists() -> dict[str, list[Row]]:
    """The rows of the lists of areas and of successions, as they should be."""
    communes = json.loads((REFERENCE_FOLDER / "communes.json").read_text(encoding="utf-8"))
    old, new = communes["admin_units_legacy"], communes["admin_units"]
    old_areas = [_area(row, row["districtCode"], OLD_COMMUNES_FROM, 100 + n) for n, row in enumerate(old, 1)]
    new_areas = [_area(row, PROVINCE, NEW_COMMUNES_FROM, 300 + n) for n, row in enumerate(new, 1)]
    links = _links(communes)
    districts = {row["wardCode"]: row["districtCode"] for row in old}
    return {
        "areas": _by_hand("areas") + old_areas + new_areas,
        "successions": _by_hand("successions") + _district_successions(links, districts) + _successions(links),
    }


def text(form: str) -> str:
    """The file of a list as it should be, under its present cover."""
    lines = (REFERENCE_FOLDER / f"{form}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    file = io.StringIO()
    writer = csv.DictWriter(file, [field.name for field in all_forms()[form].fields], lineterminator="\n")
    writer.writeheader()
    writer.writerows(lists()[form])
    return "".join(line for line in lines if line.startswith("#")) + file.getvalue()


def _by_hand(form: str) -> list[Row]:
    return [row for row in packaged_rows(form) if row["source"] not in (SOURCE, DERIVED)]


def _area(row: Row, parent: str, valid_from: str, sort_order: int) -> Row:
    is_new = valid_from == NEW_COMMUNES_FROM
    return {
        "area_code": row["wardCode"],
        "other_codes": OTHER_CODES.get(row["wardCode"], "") if is_new else "",
        "name": row["ward"],
        "area_type": KINDS[row["wardType"]],
        "parent_code": parent,
        "valid_from": valid_from,
        "valid_until": "" if is_new else NEW_COMMUNES_FROM,
        "legal_act": LEGAL_ACT if is_new else "",
        "source": SOURCE,
        "sort_order": str(sort_order),
    }


def _links(communes: dict[str, Any]) -> dict[str, list[str]]:
    """Of each old commune the new ones that it went to; the package names them by keys without accents."""
    old_codes = {
        f"{row['provinceKey']}_{row['districtKey']}_{row['wardKey']}": row["wardCode"]
        for row in communes["admin_units_legacy"]
    }
    new_codes = {row["wardKey"]: row["wardCode"] for row in communes["admin_units"]}
    links: dict[str, set[str]] = defaultdict(set)
    for successor, keys in communes["not_divided"].items():
        for key in keys:
            links[old_codes[key]].add(new_codes[successor])
    for key, successors in communes["divided"].items():
        links[old_codes[key]] |= {new_codes[successor] for successor in successors}
    return {code: sorted(links[code]) for code in sorted(old_codes.values())}


def _successions(links: dict[str, list[str]]) -> list[Row]:
    return [
        _succession(code, OLD_COMMUNES_FROM, successor, len(successors) == 1, SOURCE)
        for code, successors in links.items()
        for successor in successors
    ]


def _district_successions(links: dict[str, list[str]], districts: dict[str, str]) -> list[Row]:
    """What became of the districts: of one that became a single commune that is known, of others it is not."""
    successors: dict[str, set[str]] = defaultdict(set)
    for code, communes in links.items():
        successors[districts[code]] |= set(communes)
    valid_from = {
        row["area_code"]: row["valid_from"] for row in packaged_rows("areas") if row["valid_until"] == NEW_COMMUNES_FROM
    }
    return [
        _succession(district, valid_from[district], commune, len(communes) == 1, DERIVED)
        for district, communes in sorted(successors.items())
        for commune in sorted(communes)
    ]


def _succession(code: str, valid_from: str, successor: str, is_whole: bool, source: str) -> Row:
    return {
        "from_code": code,
        "from_valid_from": valid_from,
        "to_code": successor,
        "effective_on": NEW_COMMUNES_FROM,
        "method": "exact" if is_whole else "estimated",
        "weight": "1" if is_whole else "",
        "legal_act": LEGAL_ACT,
        "source": source,
    }


if __name__ == "__main__":
    for name in ("areas", "successions"):
        (REFERENCE_FOLDER / f"{name}.csv").write_text(text(name), encoding="utf-8")
