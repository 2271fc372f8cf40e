"""Gate 2: judges the small counts of incidents by their probability, never by a factor or standard deviations.

A month is compared with the area's own earlier months, a year with the whole province; see areas for the borders.
"""

from expectations.release.areas import in_same_borders, told_to_newest_load
from expectations.release.chance import rarer_than
from expectations.rule import Rule, attributed, decimal_vi, judged_range, threshold

RARE = threshold("rare_by_chance")

# Abuse is counted by cases, injuries by deaths. Victims are not used: they can come in pairs, so they are dependent.
COUNTED = """
    (area_measures.incident_class = 'abuse' and area_measures.measure = 'cases')
    or (area_measures.incident_class = 'injury' and area_measures.measure = 'deaths')
"""
CLASS_VI = "case counts.incident_class when 'abuse' then 'vụ xâm hại' else 'trẻ tử vong do tai nạn thương tích' end"

MONTH_SPANS = f"""
    select distinct form, period as judged_period,
        (period - interval '{threshold("incident_history")} months')::date as first_period
    from judged_loads
    where form = 'incidents'
"""
YEAR_SPANS = """
    select
        forms.form, max(judged_loads.period) as judged_period,
        (max(judged_loads.period) - interval '11 months')::date as first_period
    from judged_loads
    cross join (values ('incidents'), ('child_population')) as forms (form)
    where judged_loads.form = 'incidents'
    group by forms.form, extract(year from judged_loads.period)
"""

# The incidents of an area in the judged month, and in the known ones of the twelve months before it.
MONTHS = f"""
    {in_same_borders(MONTH_SPANS)},

    known as materialized (
        select judged_period, in_area_version, count(*) - 1 as months
        from area_months
        group by judged_period, in_area_version
        having bool_or(period = judged_period) and count(*) - 1 >= {threshold("incident_history_months")}
    ),

    counts as materialized (
        select
            known.judged_period, known.in_area_version, known.months, area_measures.incident_class,
            coalesce(sum(area_measures.value) filter (where area_measures.period = known.judged_period), 0) as counted,
            coalesce(sum(area_measures.value) filter (where area_measures.period < known.judged_period), 0) as earlier
        from known
        inner join area_measures
            on known.judged_period = area_measures.judged_period
            and known.in_area_version = area_measures.in_area_version
        where {COUNTED}
        group by known.judged_period, known.in_area_version, known.months, area_measures.incident_class
    )
"""

# The incidents of an area in a year, and its share of the province's children in the known months.
RATES = f"""
    {in_same_borders(YEAR_SPANS)},

    living as materialized (
        select distinct on (judged_period, in_area_version) judged_period, in_area_version, value as children
        from area_measures
        where measure = 'children' and special_circumstance = 'all' and value > 0
        order by judged_period, in_area_version, period desc
    ),

    exposed as materialized (
        select living.judged_period, living.in_area_version, living.children * count(*) as child_months
        from living
        inner join area_months
            on living.judged_period = area_months.judged_period and living.in_area_version = area_months.in_area_version
        where area_months.form = 'incidents'
        group by living.judged_period, living.in_area_version, living.children
    ),

    counted as materialized (
        select
            exposed.judged_period, exposed.in_area_version, exposed.child_months, classes.incident_class,
            coalesce(sum(area_measures.value) filter (where {COUNTED}), 0) as counted
        from exposed
        cross join (values ('abuse'), ('injury')) as classes (incident_class)
        left join area_measures
            on exposed.judged_period = area_measures.judged_period
            and exposed.in_area_version = area_measures.in_area_version
            and classes.incident_class = area_measures.incident_class
        group by exposed.judged_period, exposed.in_area_version, exposed.child_months, classes.incident_class
    ),

    counts as materialized (
        select
            judged_period, in_area_version, incident_class, counted,
            sum(counted) over all_areas as of_all,
            (child_months / sum(child_months) over all_areas)::double precision as share
        from counted
        window all_areas as (partition by judged_period, incident_class)
    )
"""

ALL_MONTHS = "(counts.counted + counts.earlier)"
ONE_MONTH = "(1.0 / (counts.months + 1))"

RULES = (
    Rule(
        name="incidents_unlike_months_before",
        number=16,
        gate="release",
        severity="warning",
        hurts="Abused and injured children: a month has so many or so few that it is hardly chance, or a slip.",
        message_vi="Số vụ việc trong tháng khác hẳn các tháng trước của địa bàn (cùng địa giới)",
        mend_vi="Hãy kiểm tra lại số liệu; nếu đúng, cần xem xét tình hình tại địa bàn.",
        query=attributed(f"""
            {MONTHS}

            {
            told_to_newest_load(f'''
                select
                    'incidents' as form, counts.judged_period, counts.in_area_version,
                    counts.counted || ' ' || {CLASS_VI} || ' tháng ' || to_char(counts.judged_period, 'MM/YYYY')
                    || ', ' || counts.months || ' tháng trước có ' || counts.earlier as detail
                from counts
                where {rarer_than(RARE, "counts.counted", ALL_MONTHS, ONE_MONTH)}
            ''')
        }
        """),
    ),
    Rule(
        name="incidents_unlike_province",
        number=15,
        gate="release",
        severity="warning",
        hurts="Abused and injured children: a district's rate is far above the others', or hides cases.",
        message_vi="Số vụ việc so với số trẻ em của địa bàn khác hẳn toàn tỉnh",
        mend_vi="Hãy kiểm tra số vụ việc và số trẻ em; số thấp bất thường có thể do chưa phát hiện hoặc chưa báo cáo.",
        query=attributed(f"""
            {RATES}

            {
            told_to_newest_load(f'''
                select
                    'incidents' as form, counts.judged_period, counts.in_area_version,
                    counts.counted || ' ' || {CLASS_VI} || ' trong 12 tháng đến '
                    || to_char(counts.judged_period, 'MM/YYYY')
                    || ', theo tỷ lệ chung của tỉnh là ' || {decimal_vi("counts.of_all * counts.share")} as detail
                from counts
                where {rarer_than(RARE, "counts.counted", "counts.of_all", "counts.share")}
            ''')
        }
        """),
    ),
    Rule(
        name="incident_below_district",
        number=25,
        gate="release",
        severity="critical",
        hurts="An abused child: the ward beside the incident lets neighbours recognise who it is.",
        message_vi="Vụ việc ghi theo xã, phường của huyện",
        mend_vi="Chỉ báo cáo vụ việc theo huyện, thị xã, thành phố: hãy gộp các dòng của xã, phường.",
        query=f"""
            select facts.load_id, count(*) as observed, count(*) || ' dòng' as detail
            from judged_loads
            inner join core.fct_incidents as facts on judged_loads.load_id = facts.load_id
            inner join marts.dim_areas as areas on facts.area_version = areas.area_version
            where {judged_range("facts")}
                and areas.parent_code not in (select area_code from marts.dim_areas where area_type = 'province')
            group by facts.load_id
        """,
    ),
)
