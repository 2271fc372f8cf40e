"""Measures a night as the warehouse grows: a province's first year, its ten years, and the whole country's ten years.

`python bench/growth.py` takes half an hour and some gigabytes, in a temporary folder of its own, and prints the tables
of docs/performance.md. The history is the sample's 2020, copied into the years before it and, for the country, to
reporters and areas of 63 provinces (as many as there were until 2025). Copies have rows in `ops` and `core`, which a
night reads, and none in `raw`. A night reads, models, judges and publishes 13 real workbooks that correct December
2020. The sizes take turns, so that any other work of the machine slows all of them.
"""

import argparse
import os
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from warehouses import FORMS, copy, copy_rows, import_great_expectations, look_at, read, sample_warehouse, shown

from mangnon import warehouse
from mangnon.contract.code_lists import CodeLists
from mangnon.contract.template import write_template
from mangnon.publishing import phases
from mangnon.sample.submissions import submissions

SIZES = {"1 province, 1 year": (1, 1), "1 province, 10 years": (1, 10), "63 provinces, 10 years": (63, 10)}
MONTH = date(2020, 12, 1)

# Province 0 is the sample's own: it keeps its codes.
OTHER_PROVINCES = """
    create temp table provinces as
    select number as province, case when number > 0 then 'P' || number || '-' else '' end as prefix
    from generate_series(0, %s - 1) as numbers (number);

    -- The lists must be valid as far back as the copies reach.
    update core.dim_reporters set valid_from = '2005-01-01' where valid_from > '2005-01-01';
    update core.dim_areas set valid_from = '2005-01-01' where valid_from = '2015-01-01';

    create temp table area_copies as
    select
        provinces.*,
        areas.area_version as old_version,
        case
            when province = 0 or area_code = 'unknown' then area_version
            else prefix || area_version
        end as new_version
    from core.dim_areas as areas
    cross join provinces;

    create index on area_copies (province, old_version);
"""

COPIES = """
    create temp table copies as
    select
        loads.load_id as old_load,
        nextval('ops.loads_load_id_seq') as new_load,
        dense_rank() over (order by years_before desc, province, loads.delivery_id)
            + (select max(delivery_id) from ops.deliveries) as new_delivery,
        province,
        prefix,
        prefix || reporter_code as reporter_code,
        (period - make_interval(years => years_before))::date as period,
        make_interval(years => years_before) as shift
    from ops.loads
    cross join provinces
    cross join generate_series(0, %s - 1) as years (years_before)
    where extract(year from period) = 2020 and state = 'accepted' and (province > 0 or years_before > 0)
    order by years_before desc, period, province;

    create index on copies (old_load);
    analyze copies;
"""

OF_LOAD = "from copies inner join {} as original on old_load = original.load_id"
TO_OTHER_AREAS = """
    inner join area_copies on copies.province = area_copies.province and area_version = area_copies.old_version
"""
# The copies are written without triggers.
HIDDEN = """
    insert into ops.hidden_loads (load_id, form, releases)
    select loads.load_id, loads.form, int4range(0, lower(published_loads.releases))
    from ops.loads
    inner join ops.published_loads using (load_id)
    where loads.load_id in (select new_load from copies)
"""


def main() -> None:
    """Builds the warehouses, runs the nights, and prints the seconds they took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3, help="how many nights to run on each warehouse")
    times = parser.parse_args().times
    with sample_warehouse():
        for size in SIZES:
            grow(size)
        import_great_expectations()
        took: dict[str, list[dict[str, float]]] = {size: [] for size in SIZES}
        for number in range(times):
            for size in SIZES:
                took[size].append(_night(size, revision=number + 3))
        _print(took)


def grow(size: str) -> None:
    """Copies the sample's warehouse, grows the copy to that size, and publishes it."""
    copy(name_of(size))
    provinces, years = SIZES[size]
    with warehouse.connect() as connection:
        connection.execute("set session_replication_role = replica")  # the copies have no rows in raw
        with connection.transaction():
            connection.execute((OTHER_PROVINCES % provinces).encode())
            _copy_lists(connection)
            connection.execute((COPIES % years).encode())
            _copy_ledger(connection)
            connection.execute(HIDDEN)
            _copy_facts(connection)
        connection.execute("vacuum analyze")
    # The first night is neither measured nor judged: gate 2 would rightly hold one province that became sixty-three.
    _send(revision=2)
    read()
    batches = phases.waiting_batches()
    phases.model(batches)
    candidate = phases.build_candidate(batches)
    assert candidate is not None
    phases.publish(candidate)


def _copy_lists(connection: psycopg.Connection) -> None:
    copy_rows(
        connection, "core.dim_reporters",
        "from core.dim_reporters as original cross join provinces where province > 0 and reporter_code <> 'unknown'",
        {"reporter_code": "prefix || reporter_code", "area_code": "prefix || area_code"},
    )  # fmt: skip
    copy_rows(
        connection, "core.dim_areas",
        "from core.dim_areas as original inner join area_copies on area_version = old_version"
        " where new_version <> old_version",
        {
            "area_version": "new_version", "area_code": "prefix || area_code", "parent_code": "prefix || parent_code",
            "district_code": "prefix || district_code", "province_code": "prefix || province_code",
        },
    )  # fmt: skip
    copy_rows(
        connection, "core.bridge_successions",
        """
        from core.bridge_successions as original
        inner join area_copies as from_areas on from_area_version = from_areas.old_version
        inner join area_copies as to_areas
            on to_area_version = to_areas.old_version and from_areas.province = to_areas.province
        where from_areas.province > 0
        """,
        {"from_area_version": "from_areas.new_version", "to_area_version": "to_areas.new_version"},
    )  # fmt: skip


def _copy_ledger(connection: psycopg.Connection) -> None:
    key = {"reporter_code": "copies.reporter_code", "period": "copies.period"}
    copy_rows(
        connection, "ops.deliveries",
        "from (select distinct on (new_delivery) * from copies) as copies inner join ops.loads on old_load = load_id"
        " inner join ops.deliveries as original using (delivery_id)",
        key | {
            "delivery_id": "new_delivery", "sha256": "md5(new_delivery::text) || md5(new_delivery::text)",
            "received_at": "received_at - shift",
        },
    )  # fmt: skip
    connection.execute("select setval('ops.deliveries_delivery_id_seq', (select max(delivery_id) from ops.deliveries))")
    batch = connection.execute(
        """
        insert into ops.batches (kind, state, closed_at, published_at) values ('night', 'published', now(), now())
        returning batch_id
        """
    ).fetchone()
    assert batch is not None
    copy_rows(
        connection, "ops.loads", OF_LOAD.format("ops.loads"),
        key | {
            "load_id": "new_load", "delivery_id": "new_delivery", "batch_id": str(batch[0]),
            "content_hash": "md5(new_load::text)", "loaded_at": "loaded_at - shift",
        },
    )  # fmt: skip
    # On a conflict the sample's own loads of 2019 go on counting.
    published = OF_LOAD.format("ops.published_loads")
    copy_rows(connection, "ops.published_loads", f"{published} on conflict do nothing", key | {"load_id": "new_load"})


def _copy_facts(connection: psycopg.Connection) -> None:
    for form in FORMS:
        copy_rows(
            connection, f"core.fct_{form}",
            f"{OF_LOAD.format(f'core.fct_{form}')} {TO_OTHER_AREAS} order by new_load",
            {
                "load_id": "new_load", "date_id": "(date_id - shift)::date", "period": "copies.period",
                "reporter_code": "copies.reporter_code", "area_version": "new_version",
            },
        )  # fmt: skip
    copy_rows(
        connection, "core.agg_measures", f"{OF_LOAD.format('core.agg_measures')} order by new_load",
        {"load_id": "new_load", "area_code": "prefix || area_code"},
    )  # fmt: skip


def _send(revision: int) -> None:
    """Puts a correction of December 2020 from each of the 13 districts into the inbox."""
    lists = CodeLists.from_package()
    for submission in submissions():
        if submission.period == MONTH and submission.reporter.isdigit():
            submission.lines["child_population"][0]["children"] += revision
            place = Path(os.environ["MANGNON_INBOX"]) / submission.reporter
            place.mkdir(parents=True, exist_ok=True)
            write_template(
                place / f"{revision}.xlsx",
                lists.reporters[submission.reporter], MONTH, lists, submission.lines, revision, "bench", synthetic=True,
            )  # fmt: skip


def _night(size: str, revision: int) -> dict[str, float]:
    """Runs a night. Returns the seconds that each part took."""
    look_at(name_of(size))
    _send(revision)
    took: dict[str, float] = {}

    def timed(part: str, work: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        outcome = work()
        took[part] = time.perf_counter() - started
        return outcome

    timed("reading 13 workbooks", read)
    batches = timed("finding what to model", phases.waiting_batches)
    timed("modelling (dbt)", partial(phases.model, batches))
    timed("gate 1", partial(phases.judge_loads, batches))
    candidate = timed("candidate and its tables (dbt)", partial(phases.build_candidate, batches))
    timed("gate 2", partial(phases.judge_release, candidate))
    timed("publishing", partial(phases.publish, candidate))
    took["**the whole night**"] = sum(took.values())
    return took


def _print(took: dict[str, list[dict[str, float]]]) -> None:
    sizes = {size: _size(size) for size in SIZES}
    rows = [[fact, *(sizes[size][fact] for size in SIZES)] for fact in next(iter(sizes.values()))]
    for part in next(iter(took.values()))[0]:
        rows.append([part, *(shown([night[part] for night in nights]) for nights in took.values())])
    for row in (["median (least to most)", *SIZES], ["---"] * (len(SIZES) + 1), *rows):
        print(f"| {' | '.join(row)} |")


def _size(size: str) -> dict[str, str]:
    look_at(name_of(size))
    facts = " + ".join(f"(select count(*) from core.fct_{form})" for form in FORMS)
    with warehouse.connect() as connection:
        loads, rows, stored, computed = connection.execute(
            f"""
            select
                (select count(*) from ops.loads),
                {facts},
                pg_size_pretty(pg_database_size(current_database())),
                pg_size_pretty(
                    sum(pg_total_relation_size(oid)) / (select count(*) from ops.releases where state = 'published')
                )
            from pg_class
            where relnamespace = 'core'::regnamespace and relname like 'computed%' and relkind = 'r'
            """.encode()
        ).fetchone()  # type: ignore[misc]
    return {
        "loads": f"{loads:,}",
        "rows of facts": f"{rows:,}",
        "database": stored,
        "computed for a release": computed,
    }


def name_of(size: str) -> str:
    """Returns the name of the database of that size."""
    return size.translate(str.maketrans(" ", "_", ","))


if __name__ == "__main__":
    main()
