"""Gate 2: whether everybody who has to report is in the candidate, and who was before still is."""

from expectations.release.published import PUBLISHED_LOADS, THIS_MONTH, TODAY
from expectations.rule import (
    Rule,
    listed,
    threshold,
    unattributed,
)
from mangnon.contract.forms import submission_forms

FORMS = ", ".join(f"'{form.name}'" for form in submission_forms())

RULES = (
    Rule(
        name="submission_no_longer_counts",
        number=1,
        gate="release",
        severity="warning",
        hurts="Children of a reporter: its published month is missing now, so sums shrink silently.",
        message_vi="Biểu đã công bố nay không còn được tính",
        query=unattributed(f"""
            select
                concat_ws(' ', published.reporter_code, published.form, to_char(published.period, 'MM/YYYY')) as detail
            from {PUBLISHED_LOADS} as published
            left join ops.visible_loads as counting
                on published.reporter_code = counting.reporter_code
                and published.form = counting.form
                and published.period = counting.period
            where counting.load_id is null
        """),
    ),
    Rule(
        name="many_reporters_refused",
        gate="release",
        severity="warning",
        holds_release=True,
        hurts="District officers: with so many refusals, the template or the reader may be at fault, not they.",
        message_vi="Nhiều đơn vị có biểu bị từ chối",
        # A file that names no reporter is nobody's. A resubmission that was read mends a refusal.
        query=f"""
            select
                null::bigint as load_id,
                count(*) filter (where is_refused) as observed,
                count(*) filter (where is_refused) || '/' || count(*) || ' đơn vị đã gửi: '
                || string_agg(reporter, ', ' order by reporter) filter (where is_refused) as detail
            from (
                select
                    loads.reporter_code as reporter,
                    bool_or(loads.state = 'refused' and not exists (
                        select
                        from ops.release_batches as also_offered
                        inner join ops.loads as later on also_offered.batch_id = later.batch_id
                        where also_offered.release_id = offered.release_id
                            and later.reporter_code = loads.reporter_code
                            and later.load_id > loads.load_id
                            and (later.form = loads.form or num_nulls(later.form, loads.form) > 0)
                            and (later.period = loads.period or num_nulls(later.period, loads.period) > 0)
                    )) as is_refused
                from ops.release_batches as offered
                inner join ops.loads as loads on offered.batch_id = loads.batch_id
                where offered.release_id = (select ops.visible_release())
                    and loads.reporter_code <> '_reference'
                group by loads.reporter_code
            ) as reporters
            having count(*) filter (where is_refused) >= {threshold("refused_reporters_least")}
                and count(*) filter (where is_refused) > {threshold("refused_reporters_share")} * count(*)
        """,
    ),
    Rule(
        name="mandatory_report_missing",
        number=1,
        gate="release",
        severity="warning",
        holds_release=True,
        hurts="Children of a whole district or commune: the month looks closed, and they are in none of its figures.",
        message_vi="Đơn vị bắt buộc chưa có báo cáo khi đã quá hạn",
        # Only the first release after the due day asks: by the next one readers know, or somebody has approved. So a
        # month that is not due does not ask, nor does old history with gaps, nor a later night.
        query=unattributed(f"""
            select
                reporters.reporter_name || ', tháng ' || to_char(rates.period, 'MM/YYYY')
                || ' (' || string_agg(rates.form, ', ' order by rates.form) || ')' as detail
            from marts.reporting_rates as rates
            inner join marts.dim_reporters as reporters on rates.reporter_code = reporters.reporter_code
            where rates.is_expected
                and not rates.is_counted
                and reporters.reporter_kind in ({listed("mandatory_reporter_kinds")})
                and rates.due_on < {TODAY}
                and rates.due_on >= (
                    select max(published_at at time zone 'Asia/Ho_Chi_Minh')::date
                    from ops.releases
                    where state = 'published' and restores is null
                )
            group by reporters.reporter_code, reporters.reporter_name, rates.period
        """),
    ),
    Rule(
        name="closed_year_incomplete",
        number=1,
        gate="release",
        severity="warning",
        hurts="Readers of the report: a past year looks too low, because some reporters' months are missing.",
        message_vi="Năm đã kết thúc nhưng chưa đủ báo cáo",
        query=unattributed(f"""
            select
                'năm ' || extract(year from period) || ': thiếu ' || count(*) filter (where not is_counted)
                || '/' || count(*) || ' biểu' as detail
            from marts.reporting_rates
            where is_expected and period < date_trunc('year', {THIS_MONTH})
            group by extract(year from period)
            having not bool_and(is_counted)
        """),
    ),
)
