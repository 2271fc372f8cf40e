"""Sums that analysts drew by dragging a measure onto a chart, and that were wrong: they are right now."""

from decimal import Decimal
from types import ModuleType

import psycopg
import pytest

# What was drawn · the sum · what the report of 2020 says (and what was drawn before).
DRAWN = {
    "victims of abuse (60)": (
        "select sum(victims) from marts.fct_incidents where incident_class = 'abuse' and period >= '2020-01-01'",
        30,
    ),
    "deaths of children (56)": ("select sum(deaths) from marts.fct_incidents where period >= '2020-01-01'", 28),
    "Mid-Autumn attendances (223,997)": (
        "select sum(attendances) from marts.fct_beneficiaries where occasion = 'mid_autumn'",
        207485,
    ),
    "turns of support at Mid-Autumn (none)": (
        "select sum(support_turns) from marts.fct_beneficiaries where occasion = 'mid_autumn'",
        16512,
    ),
    "money (29.3 tỷ)": ("select sum(amount_vnd) from marts.fct_beneficiaries", 34305469000),
    "schools with a team (2,376)": (
        "select sum(site_count) from marts.fct_programme_sites where programme = 'mang_non_team'",
        198,
    ),
    "schools with a team, from months": (
        "select sum(site_count) from marts.fct_programme_sites_monthly"
        " where programme = 'mang_non_team' and is_last_of_year",
        198,
    ),
    "resolutions over months (24)": ("select sum(addend) from marts.periodic_figures where figure = 'F11'", None),
    "kinds of support over months (48)": ("select sum(addend) from marts.periodic_figures where figure = 'F14'", None),
    "members over months (408)": ("select sum(addend) from marts.periodic_figures where figure = 'F25'", None),
    "cases over all cuts (299)": (
        "select sum(addend) from marts.periodic_figures where figure = 'F31' and year = 2020",
        26,
    ),
    "children in one month (672,510)": (
        "select sum(children) from marts.fct_child_population_monthly where period = '2020-06-01'",
        325219,
    ),
    "children, without a month": ("select sum(children) from marts.fct_child_population", 325219),
    "share of supported children (53.7)": (
        "select 100 * sum(children_supported) / sum(special_children) from marts.fct_child_population",
        100,
    ),
    "deaths of 2019 in borders of 2020 (88)": (
        "select sum(deaths * weight) from marts.fct_incidents inner join marts.areas_in_borders('2020-01-01')"
        " using (area_version) where period < '2020-01-01'",
        29,
    ),
    "districts with cases, and the province among them (14)": (
        "select count(distinct area_name) from marts.fct_incidents inner join marts.dim_areas using (area_version)"
        " where area_level = 'district' and period >= '2020-01-01'",
        13,
    ),
}


def asked(warehouse: ModuleType, query: str) -> list[tuple[object, ...]]:
    """What BI answers."""
    with psycopg.connect(warehouse.reader_url()) as reader:
        return reader.execute(query.encode()).fetchall()


@pytest.mark.parametrize(("query", "right"), DRAWN.values(), ids=DRAWN)
def test_a_sum_is_right(published: ModuleType, query: str, right: int | None) -> None:
    assert asked(published, query) == [(right if right is None else Decimal(right),)]


def test_parts_of_one_breakdown_add_up_to_their_totals(published: ModuleType) -> None:
    kinds = """
        select abuse_type_label, sum(victims)
        from marts.fct_incidents_breakdown
        inner join marts.dim_abuse_types using (abuse_type)
        where incident_class = 'abuse' and period >= '2020-01-01'
        group by abuse_type_label, abuse_type_sort_order
        order by abuse_type_sort_order
    """
    rows = asked(published, kinds)
    assert sum(victims for _, victims in rows) == 30
    assert [label for label, _ in rows] == ["Bạo lực", "Xâm hại tình dục", "Bỏ mặc"]
    breakdowns = asked(published, "select distinct breakdown from marts.fct_beneficiaries_breakdown")
    assert breakdowns == [("Loại hỗ trợ",)]


def test_a_sum_does_not_forget_that_it_is_a_lower_bound(published: ModuleType) -> None:
    bounds = """
        select occasion, sum(lower_bounds) > 0 from marts.fct_beneficiaries
        where occasion in ('children_day', 'mid_autumn') group by occasion order by occasion
    """
    assert asked(published, bounds) == [("children_day", True), ("mid_autumn", False)]


def test_every_code_that_bi_can_meet_has_a_label(published: ModuleType) -> None:
    """A code stands beside its label, or in a dimension."""
    labelled = """
        select table_name, column_name from information_schema.columns as labels
        where table_schema = 'marts' and column_name like '%\\_label'
    """
    for mart, label in asked(published, labelled):
        code = str(label).removesuffix("_label")
        missing = f"select distinct {code} from marts.{mart} where {label} is null and {code} is not null"
        assert asked(published, missing) == [], (mart, code)
    assert asked(published, "select rule from marts.quality_by_rule where rule_label = rule") == []
    met = "select distinct gate, rule from marts.quality_by_rule except select gate, rule from marts.dim_rules"
    assert asked(published, met) == []


def test_no_day_before_all_borders_is_answered_with_nothing(published: ModuleType) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="no borders are known of 1999-01-01"):
        asked(published, "select * from marts.areas_in_borders('1999-01-01')")
