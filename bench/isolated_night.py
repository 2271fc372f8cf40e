"""What a whole night costs that reads every file in a process of its own: the sample's, with and without.

    .venv/bin/python bench/isolated_night.py

A night collects, loads, models, judges and publishes the sample's files in a warehouse that has the lists and nothing
else, without Airflow. Both ways take turns, so that any other work of the machine slows both. The processor time counts
the processes of files and of dbt as well, but not the server of the database, whose work is the same.
"""

import statistics
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from isolation import processor_seconds
from warehouses import copy, import_great_expectations, inbox, listed_warehouse, read

from mangnon.contract.code_lists import CodeLists
from mangnon.intake import inbox as collecting
from mangnon.intake import loads as loading
from mangnon.publishing import phases
from mangnon.reading.cover import Cover
from mangnon.reading.delivery import FileRefused, Message, Opened, read_cover_of, read_delivery
from mangnon.reading.problems import RefusedFile
from mangnon.sample import write_sample

ROUNDS = 3
Times = dict[str, tuple[float, float]]  # of each part: seconds, and those of the processors


def isolated() -> Times:
    """Does a night as it is."""
    return _night()


def in_its_own_process() -> Times:
    """Does a night that reads the files itself."""
    with patch.object(collecting, "read_cover", _read_cover), patch.object(loading, "reading", _reading):
        return _night()


def _read_cover(path: Path, file_name: str, lists: CodeLists, place: str | None, sender: str) -> Cover:
    (found,) = read_cover_of(path, file_name, lists, place)
    if isinstance(found, FileRefused):
        raise RefusedFile(*found.problems)
    assert isinstance(found, Opened)
    return found.cover


@contextmanager
def _reading(
    path: Path,
    file_name: str,
    lists: CodeLists,
    place: str | None,
    forms: Collection[str] | None = None,
    *,
    sender: str,
) -> Iterator[Iterator[Message]]:
    yield read_delivery(path, file_name, lists, place, forms)


def _night() -> Times:
    write_sample(inbox())
    took = {"collecting and loading": _measured(read), "publishing": _measured(phases.publish_all)}
    whole = [sum(values) for values in zip(*took.values(), strict=True)]
    return took | {"the whole night": (whole[0], whole[1])}


def _measured(work: Callable[[], object]) -> tuple[float, float]:
    since, used = time.perf_counter(), processor_seconds()
    work()
    return time.perf_counter() - since, processor_seconds() - used


def main() -> None:
    """Prints the table of docs/performance.md."""
    import_great_expectations()
    nights: dict[Callable[[], Times], list[Times]] = {in_its_own_process: [], isolated: []}
    with listed_warehouse():
        for number in range(ROUNDS):
            for night, rounds in nights.items():
                copy(f"night_{number}_{night.__name__}")
                rounds.append(night())
    for part in nights[isolated][0]:
        for night, rounds in nights.items():
            wall, processor = map(statistics.median, zip(*(times[part] for times in rounds), strict=True))
            print(f"{part:24} {night.__name__:20} {wall:6.1f} s  processor {processor:6.1f} s")


if __name__ == "__main__":
    main()
