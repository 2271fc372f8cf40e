"""What it costs that every file is read in a process of its own: 400 small workbooks, with and without.

    .venv/bin/python bench/isolation.py

Both ways open each file for its cover, as collecting does, then read it. The median of three rounds; the processor time
counts the processes of the files as well.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import psutil

from mangnon.contract.code_lists import OFFICE, CodeLists
from mangnon.contract.template import write_template
from mangnon.reading.delivery import FormRead, Message, Opened, read_cover_of, read_delivery
from mangnon.reading.isolation import client
from mangnon.sample.submissions import submissions

FILES, ROUNDS = 400, 3
AT_MOST = 1.25
SENDER = "one"
LISTS = CodeLists.from_package()


def in_one_process(path: Path) -> None:
    """Reads a file here."""
    _taken(read_cover_of(path, path.name, LISTS, OFFICE))
    _taken(read_delivery(path, path.name, LISTS, OFFICE, None))


def in_its_own_process(path: Path) -> None:
    """Reads a file in processes of its own."""
    client.read_cover(path, path.name, LISTS, OFFICE, SENDER)
    with client.reading(path, path.name, LISTS, OFFICE, sender=SENDER) as messages:
        _taken(messages)


def _taken(messages: Iterator[Message]) -> None:
    found = list(messages)
    assert isinstance(found[0], Opened)
    assert len(found) == 1 or isinstance(found[-1], FormRead)


def measured(read: Callable[[Path], None], paths: list[Path]) -> tuple[float, float]:
    """Returns the seconds that reading all files took, and those of the processors."""
    since, used = time.perf_counter(), processor_seconds()
    for path in paths:
        read(path)
    return time.perf_counter() - since, processor_seconds() - used


def processor_seconds() -> float:
    """Returns what this process used until now, with its children and the processes that they started."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(process.cpu_times()[:4]) for process in processes)


def main() -> None:
    """Prints the times, and how many times as long it takes."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, sent in enumerate(islice(cycle(submissions()), FILES)):
            paths.append(Path(folder) / f"{number}.xlsx")
            write_template(paths[-1], LISTS.reporters[sent.reporter], sent.period, LISTS, sent.lines)
        rounds: dict[Callable[[Path], None], list[tuple[float, float]]] = {in_one_process: [], in_its_own_process: []}
        for read in rounds:
            read(paths[0])
        for _ in range(ROUNDS):
            for read, times in rounds.items():
                times.append(measured(read, paths))
    medians = {
        read: [statistics.median(values) for values in zip(*times, strict=True)] for read, times in rounds.items()
    }
    for read, (wall, processor) in medians.items():
        print(f"{read.__name__:20} {wall:6.1f} s  processor {processor:6.1f} s")
    ratios = [
        alone / together for alone, together in zip(medians[in_its_own_process], medians[in_one_process], strict=True)
    ]
    print(f"{'ratio':20} {ratios[0]:6.2f}    processor {ratios[1]:6.2f}    (at most {AT_MOST})")


if __name__ == "__main__":
    main()
