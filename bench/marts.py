"""Measures what a reader of the marts waits for, beside the same query over bare tables with the same rows.

`python bench/marts.py` takes ten minutes and some gigabytes in a temporary folder of its own, and prints the tables of
docs/performance.md: on the sample, and on ten years of 63 provinces (see growth). Planning is included, and no setting
of the session is changed. The two sides take turns, so that any other work of the machine slows both.
"""

import argparse
import statistics
import time
from collections.abc import Iterator

import psycopg
from growth import grow, name_of
from warehouses import sample_warehouse

from mangnon import warehouse
from mangnon.warehouse import server

COUNTRY = "63 provinces, 10 years"
# Dimension → its key in the fact.
DIMENSIONS = {
    "dim_areas": "area_version",
    "dim_dates": "date_id",
    "dim_reporters": "reporter_code",
    "dim_occasions": "occasion",
    "dim_support_types": "support_type",
    "dim_funding_instruments": "funding_instrument",
    "dim_special_circumstances": "special_circumstance",
    "dim_sexes": "sex",
    "dim_age_bands": "age_band",
}


def star(dimensions: int) -> str:
    """Returns a star over beneficiaries. The tenth dimension is the area of the reporter."""
    joins = [f"inner join {{0}}.{name} using ({key})" for name, key in list(DIMENSIONS.items())[:dimensions]]
    if dimensions > len(DIMENSIONS):
        joins.append("inner join {0}.dim_areas as own on own.area_code = dim_reporters.area_code and own.is_current")
    labels = "dim_areas.area_name" + (", dim_occasions.occasion_label" if dimensions > 3 else "")
    return f"""
        select {labels}, sum(attendances), sum(support_turns), sum(amount_vnd)
        from {{0}}.fct_beneficiaries
        {" ".join(joins)}
        group by {labels}
    """


# The questions of an officer that the star answers; the others are one row of a computed table.
QUESTIONS = {
    "star of 2": star(2),
    "star of 5": star(5),
    "star of 10": star(10),
    "full scan of beneficiaries": "select count(*), sum(amount_vnd) from {0}.fct_beneficiaries",
    "cases by month and kind, two years": """
        select fct_incidents.period, incident_class_label, sum(cases), sum(deaths)
        from {0}.fct_incidents
        where fct_incidents.period between '2019-01-01' and '2020-12-01'
        group by fct_incidents.period, incident_class_label
    """,
    "victims per 100,000 by district": """
        select area_name, 100000.0 * sum(victims) / nullif(sum(children), 0)
        from (
            select area_version, sum(victims) as victims
            from {0}.fct_incidents
            where incident_class = 'abuse' and period between '2020-01-01' and '2020-12-01'
            group by area_version
        ) as incidents
        inner join (
            select area_version, sum(children) as children
            from {0}.fct_child_population
            where period between '2020-01-01' and '2020-12-01'
            group by area_version
        ) as living using (area_version)
        inner join {0}.dim_areas using (area_version)
        group by area_name
    """,
    "spending by kind, instrument and occasion": """
        select support_type_label, funding_instrument_label, occasion_label, sum(amount_vnd)
        from {0}.fct_beneficiaries
        inner join {0}.dim_support_types using (support_type)
        inner join {0}.dim_funding_instruments using (funding_instrument)
        inner join {0}.dim_occasions using (occasion)
        where period between '2020-01-01' and '2020-12-01'
        group by support_type_label, funding_instrument_label, occasion_label
    """,
    "Mid-Autumn by district": """
        select area_name, sum(attendances), sum(support_turns)
        from {0}.fct_beneficiaries
        inner join {0}.dim_areas using (area_version)
        where occasion = 'mid_autumn'
        group by area_name
    """,
    "schools with a team, by district": """
        select area_name, sum(site_count)
        from {0}.fct_programme_sites
        inner join {0}.dim_areas using (area_version)
        where programme = 'mang_non_team' and period between '2020-01-01' and '2020-12-01'
        group by area_name
    """,
    "parts of the victims by kind, sex and age": """
        select abuse_type_label, sex_label, age_band_label, sum(victims)
        from {0}.fct_incidents_breakdown
        inner join {0}.dim_abuse_types using (abuse_type)
        inner join {0}.dim_sexes using (sex)
        inner join {0}.dim_age_bands using (age_band)
        group by abuse_type_label, sex_label, age_band_label
    """,
}
# What only a view says, and no table of facts has: it is measured alone.
COMPUTED = {
    "share on time": "select sum(on_time_submissions), sum(due_submissions) from marts.reporting_by_month",
    "who was silent": "select * from marts.incident_silence where status = 'silent'",
    "nine months": "select * from marts.periodic_figures where cut = 'nine_months'",
    "the report": "select * from marts.annual_report",
    "deaths in the borders of 2020": """
        select in_area_version, sum(deaths * weight)
        from marts.fct_incidents inner join marts.areas_in_borders('2020-01-01') using (area_version)
        group by in_area_version
    """,
}


def main() -> None:
    """Builds the warehouses, and prints what the questions cost on each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=7, help="how often to ask each question")
    times = parser.parse_args().times
    with sample_warehouse():
        _print("the sample", warehouse.DATABASE, times)
        grow(COUNTRY)
        _print(COUNTRY, name_of(COUNTRY), times)


def _print(what: str, database: str, times: int) -> None:
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        _make_bare(connection)
        print(f"| on {what} | marts | bare tables | ratio |\n| --- | --- | --- | --- |")
        for question, query in QUESTIONS.items():
            marts, bare = _in_turns(connection, [query.format("marts"), query.format("bare")], times)
            print(f"| {question} | {marts:.1f} ms | {bare:.1f} ms | {marts / bare:.2f} |")
        for question, query in COMPUTED.items():
            (alone,) = _in_turns(connection, [query], times)
            print(f"| {question} | {alone:.1f} ms | | |")


def _make_bare(connection: psycopg.Connection) -> None:
    """Makes tables with the rows that the views show, their keys and statistics."""
    connection.execute("drop schema if exists bare cascade")
    connection.execute("create schema bare")
    for view in _views():
        connection.execute(f"create table bare.{view} as select * from marts.{view}".encode())
        key = "(load_id, line)" if view.startswith("fct") else f"({_key_of(view)})"
        connection.execute(f"alter table bare.{view} add primary key {key}".encode())
        if view.startswith("fct"):
            connection.execute(f"create index on bare.{view} (date_id)".encode())
        connection.execute(f"vacuum analyze bare.{view}".encode())


def _views() -> Iterator[str]:
    yield from DIMENSIONS
    yield "dim_abuse_types"
    for fact in ("beneficiaries", "incidents", "incidents_breakdown", "child_population", "programme_sites"):
        yield f"fct_{fact}"


def _key_of(dimension: str) -> str:
    return DIMENSIONS.get(dimension, "abuse_type")


def _in_turns(connection: psycopg.Connection, queries: list[str], times: int) -> list[float]:
    """Returns the median of each query, in milliseconds. All must answer the same."""
    took: list[list[float]] = [[] for _ in queries]
    answers = {}
    for _ in range(times + 1):  # the first turn only fills caches
        for number, query in enumerate(queries):
            started = time.perf_counter()
            answers[number] = connection.execute(query.encode()).fetchall()
            took[number].append(1000 * (time.perf_counter() - started))
    assert len({str(sorted(answer, key=str)) for answer in answers.values()}) == 1, queries
    return [statistics.median(one[1:]) for one in took]


if __name__ == "__main__":
    main()
