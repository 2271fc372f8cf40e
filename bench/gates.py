"""What the gates cost: 13 new workbooks judged on 100,000 and on 10 million fact rows, and against the bare SQL.

`python bench/gates.py` takes some minutes and some gigabytes, in a temporary folder of its own, and prints the table of
docs/performance.md. The history is the sample's 2020 copied into the years before it, each line as many times as it
takes; the new loads are copies of December 2020. Both warehouses are judged in turn, so that whatever else the machine
does falls on both.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import psycopg
from warehouses import FORMS, TABLES, columns_of, copy, look_at, sample_warehouse, shown

from mangnon import warehouse
from mangnon.ledger import candidates
from mangnon.publishing import gates, phases
from mangnon.warehouse import dbt

SIZES = {"100,000": (100_000, 1), "10 million": (10_000_000, 4)}  # rows, years before the sample's

COPY_LOADS = """
    create temp table copied on commit drop as
    select load_id as old_id, nextval(pg_get_serial_sequence('ops.loads', 'load_id')) as load_id
    from ops.loads
    where extract(year from period) = 2020 and {};

    insert into ops.loads (
        load_id, delivery_id, batch_id, reporter_code, form, period, revision, fingerprint, state, rows_in,
        rows_loaded, rows_refused, content_hash
    ) overriding system value
    select
        copied.load_id, delivery_id, {}, reporter_code, form, (period + {})::date, 1, copied.load_id::text, {},
        rows_loaded * {}, rows_loaded * {}, 0, md5(copied.load_id::text)
    from ops.loads
    inner join copied on loads.load_id = copied.old_id
"""


def main() -> None:
    """Builds both warehouses, judges the new loads on each, and prints what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3, help="how often everything is judged")
    times = parser.parse_args().times
    with sample_warehouse():
        candidates = {size: _grown(size) for size in SIZES}
        print(f"Importing Great Expectations: {_importing():.1f} s, once a gate")
        gates._great_expectations()
        _print_table({size: [] for size in SIZES}, candidates, times)


def _grown(size: str) -> tuple[str, list[int], int]:
    """A copy of the warehouse that has grown to that size: its name, the new batch, and a candidate with it."""
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
    """Copies loads of 2020 with their facts into other months, each line so many times; published unless in a batch."""
    is_new = shift.startswith("interval")
    state = "'modelled'" if is_new else "'accepted'"
    connection.execute(COPY_LOADS.format(which, batch, shift, state, times, times).encode())
    for table in TABLES:
        columns = columns_of(connection, table) | {"load_id": "copied.load_id"}
        if table == "agg_measures":
            columns["value"] = f"facts.value * {times}"
        else:
            columns |= {"line": f"facts.line * {times} + copies.number"}
            columns |= {name: f"(facts.{name} + {shift})::date" for name in ("date_id", "period")}
        copies = 1 if table == "agg_measures" else times
        connection.execute(
            f"""
            insert into core.{table} ({", ".join(columns)})
            select {", ".join(columns.values())}
            from copied
            inner join core.{table} as facts on copied.old_id = facts.load_id
            cross join generate_series(1, {copies}) as copies (number)
            order by copied.load_id
            """.encode()
        )
    if not is_new:
        connection.execute(
            """
            insert into ops.published_loads (reporter_code, form, period, load_id, releases)
            select reporter_code, form, period, load_id, '[1,)' from ops.loads inner join copied using (load_id)
            on conflict do nothing
            """
        )


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
    """Runs the queries of a gate as they are."""
    judged = (
        f"select * from ops.loads where batch_id = any(array{batches}::bigint[])"
        if release is None
        else f"select load_id, reporter_code, form, period from ops.published_loads where from_release = {release}"
    )
    with warehouse.connect("auditor", release) as connection:
        for rule in gates.suite(which):
            connection.execute(f"with judged_loads as ({judged}) select * from ({rule.query}) as failing".encode())


def _importing() -> float:
    """How long a new process takes to import the library."""
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
