"""Measures the gates: they judge 13 new workbooks on 100,000 and on 10 million fact rows, and run their bare SQL.

`python bench/gates.py` takes some minutes and some gigabytes, in a temporary folder of its own, and prints the table of
docs/performance.md. The history is the sample's 2020, copied into the years before it; each line is copied as often as
the size needs. The new loads are copies of December 2020. The gates judge the two warehouses in turn, so that any other
work of the machine slows both.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import psycopg
from warehouses import FORMS, copy, copy_rows, import_great_expectations, look_at, sample_warehouse, shown

from mangnon import warehouse
from mangnon.ledger import candidates
from mangnon.publishing import gates, phases
from mangnon.warehouse import dbt

SIZES = {"100,000": (100_000, 1), "10 million": (10_000_000, 4)}  # rows, years before the sample's

COPIES = """
    create temp table copies on commit drop as
    select load_id as old_load, nextval(pg_get_serial_sequence('ops.loads', 'load_id')) as new_load
    from ops.loads
    where extract(year from period) = 2020 and {}
"""


def main() -> None:
    """Builds both warehouses, judges the new loads on each, and prints the seconds it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3, help="how often everything is judged")
    times = parser.parse_args().times
    with sample_warehouse():
        candidates = {size: _grown(size) for size in SIZES}
        print(f"Importing Great Expectations: {_importing():.1f} s, once a gate")
        import_great_expectations()
        _print_table({size: [] for size in SIZES}, candidates, times)


def _grown(size: str) -> tuple[str, list[int], int]:
    """Copies the warehouse and grows the copy to that size. Returns its name, the new batches, and a candidate."""
    rows, years = SIZES[size]
    name = size.replace(",", "").replace(" ", "_")
    copy(name)
    with warehouse.connect() as connection:
        connection.execute("set session_replication_role = replica")  # the copies have no rows in raw
        lines = _one(connection, "select sum(rows_loaded) from ops.loads where extract(year from period) = 2020")
        batch = "insert into ops.batches (kind, state) values ('backfill', '{}') returning batch_id"
        history, new = (_one(connection, batch.format(state)) for state in ("published", "closed"))
        times = -(-rows // (lines * years))
        for year in range(2, years + 2):
            with connection.transaction():
                _copy(connection, "state = 'accepted'", history, f"-interval '{year} years'", times)
        december = "extract(month from period) = 12 and reporter_code ~ '^[0-9]'"
        with connection.transaction():
            _copy(connection, december, new, "interval '1 month'", 1)
        facts = sum(_one(connection, f"select count(*) from core.fct_{form}") for form in FORMS)
        connection.execute("vacuum analyze")
        with connection.transaction():
            candidate = candidates.build_candidate(connection, [new], "bench")
    assert candidate is not None
    dbt.build_release_tables(candidate)
    print(f"{name}: {facts:,} fact rows")
    return name, [new], candidate


def _copy(connection: psycopg.Connection, which: str, batch: int, shift: str, times: int) -> None:
    """Copies loads of 2020 and their facts into other months, each line so many times.

    A copy into the past is published; a copy into the future is a new load that waits to be judged.
    """
    connection.execute(COPIES.format(which).encode())
    of_load = "from copies inner join {} as original on old_load = original.load_id"
    moved = {"load_id": "new_load", "period": f"(original.period + {shift})::date"}
    is_new = shift.startswith("interval")
    copy_rows(
        connection, "ops.loads", of_load.format("ops.loads"),
        moved | {
            "batch_id": str(batch), "revision": "1", "fingerprint": "new_load::text",
            "state": "'modelled'" if is_new else "'accepted'", "content_hash": "md5(new_load::text)",
            "rows_in": f"rows_loaded * {times}", "rows_loaded": f"rows_loaded * {times}", "rows_refused": "0",
        },
    )  # fmt: skip
    for form in FORMS:
        copy_rows(
            connection, f"core.fct_{form}",
            f"{of_load.format(f'core.fct_{form}')} cross join generate_series(1, {times}) as copy (number)"
            " order by new_load",
            moved | {"line": f"line * {times} + copy.number", "date_id": f"(original.date_id + {shift})::date"},
        )  # fmt: skip
    # A row of agg_measures has neither a line nor a month, so it is multiplied instead of repeated.
    copy_rows(
        connection, "core.agg_measures", f"{of_load.format('core.agg_measures')} order by new_load",
        {"load_id": "new_load", "value": f"value * {times}"},
    )  # fmt: skip
    if not is_new:
        published = of_load.format("ops.published_loads")
        copy_rows(connection, "ops.published_loads", f"{published} on conflict do nothing", moved)


def _print_table(
    took: dict[str, list[dict[str, float]]], candidates: dict[str, tuple[str, list[int], int]], times: int
) -> None:
    for _ in range(times):
        for size, (name, batches, candidate) in candidates.items():
            look_at(name)
            took[size].append(
                {
                    "gate 1": _seconds(partial(phases.judge_loads, batches)),
                    "gate 2": _seconds(partial(phases.judge_candidate, candidate)),
                    "SQL of gate 1": _seconds(partial(_bare, "loads", batches, None)),
                    "SQL of gate 2": _seconds(partial(_bare, "release", batches, candidate)),
                }
            )
    small, large = ({part: [run[part] for run in took[size]] for part in took[size][0]} for size in SIZES)
    heads = " | ".join(f"{size} rows" for size in SIZES)
    print(f"\n| median of {times} (least to most) | {heads} | ratio |\n|---|---|---|---|")
    for part in small:
        ratio = statistics.median(large[part]) / statistics.median(small[part])
        print(f"| {part} | {shown(small[part])} | {shown(large[part])} | {ratio:.2f} |")
    whole = [sum(run[part] for part in ("gate 1", "gate 2")) for run in took["10 million"]]
    bare = [sum(run[f"SQL of {part}"] for part in ("gate 1", "gate 2")) for run in took["10 million"]]
    print(f"\nBoth gates against their bare SQL: {statistics.median(whole) / statistics.median(bare):.1f} times")


def _bare(which: str, batches: list[int], release: int | None) -> None:
    """Runs the queries of a gate without Great Expectations."""
    judged = (
        f"select * from ops.loads where batch_id = any(array{batches}::bigint[])"
        if release is None
        else f"select load_id, reporter_code, form, period from ops.published_loads where from_release = {release}"
    )
    with warehouse.connect("auditor", release) as connection:
        for rule in gates.suite(which):
            connection.execute(f"with judged_loads as ({judged}) select * from ({rule.query}) as failing".encode())


def _importing() -> float:
    """Returns the seconds that a new process takes to import Great Expectations."""
    return _seconds(lambda: subprocess.run([sys.executable, "-c", "import great_expectations"], check=True))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _one(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    main()
