"""What was delivered, loaded, refused and published, and why not: read from `ops`."""

from datetime import date
from typing import Any

from psycopg.rows import dict_row

from mangnon.ledger import approvals
from mangnon.warehouse import Connection

RELEASES = """
    select
        release_id,
        state,
        coalesce(published_at, created_at) as at,
        case
            when release_id = %(waiting)s
                then 'waits for an approval (mangnon release approve ' || release_id || '): ' || state_reason
            when cardinality(warnings) > 0
                then 'despite warnings, approved by ' || approved_by || ': ' || reason
            else coalesce(state_reason, '')
        end as why
    from ops.releases
    left join ops.release_approvals using (release_id)
    order by release_id desc
    limit 5
"""

# One row per reporter: what came, and what became of its loads.
REPORTERS = """
    select
        coalesce(deliveries.reporter_code, '?') as reporter,
        count(distinct deliveries.delivery_id) as delivered,
        count(distinct deliveries.delivery_id) filter (where loads.load_id is null) as waiting,
        count(*) filter (where loads.state in ('loaded', 'modelled')) as loaded,
        count(*) filter (where loads.state in ('accepted', 'same')) as accepted,
        count(*) filter (where loads.state = 'refused') as refused,
        count(*) filter (where loads.state = 'held') as held,
        max(deliveries.received_at) as last_received
    from ops.deliveries
    left join ops.loads using (delivery_id)
    where deliveries.period = %(period)s or %(period)s::date is null
    group by deliveries.reporter_code
    order by reporter
"""

# One row per load that does not count, with every reason.
REFUSALS = """
    select
        deliveries.file_name,
        coalesce(loads.form, '') as form,
        loads.state,
        coalesce(
            (
                select string_agg(problems.message, e'\\n' order by problems.problem_number)
                from raw.problems
                where problems.load_id = loads.load_id
                    and problems.severity = 'critical'
                    and problems.problem_number <= 5
            ),
            loads.state_reason
        ) as why
    from ops.loads
    inner join ops.deliveries using (delivery_id)
    where loads.state in ('refused', 'held')
        and (deliveries.period = %(period)s or %(period)s::date is null)
        -- A reading that a later one of the same delivery has replaced is history.
        and not exists (
            select from ops.loads as later
            where later.delivery_id = loads.delivery_id and later.form = loads.form and later.load_id > loads.load_id
        )
    order by loads.load_id desc
    limit 50
"""

HAS_SYNTHETIC = "select exists (select from ops.deliveries where is_synthetic) as has_synthetic"

VERDICTS = """
    select
        verdicts.severity,
        verdicts.gate,
        verdicts.expectation,
        coalesce(loads.reporter_code, '') as reporter,
        verdicts.message
    from ops.verdicts
    left join ops.loads using (load_id)
    where not verdicts.is_met and verdicts.judged_at >= now() - interval '7 days'
    order by array_position(array['critical', 'warning', 'info'], verdicts.severity), verdicts.verdict_id desc
    limit 30
"""

TOLD = """
    select
        feedback.written_at as at,
        coalesce(feedback.reporter_code, '?') as reporter,
        coalesce(to_char(feedback.period, 'YYYY-MM'), '') as period,
        feedback.kind,
        coalesce(deliveries.file_name, '') as about,
        feedback.mail_state as mail,
        coalesce(feedback.mail_error, '') as why_not
    from ops.feedback
    left join ops.deliveries using (delivery_id)
    where feedback.period = %(period)s or %(period)s::date is null
    order by feedback.feedback_id desc
    limit 20
"""


def tables(connection: Connection, period: date | None) -> dict[str, list[dict[str, Any]]]:
    """The tables by title, each a list of rows; of one month only, when a period is given."""
    parameters = {"period": period, "waiting": approvals.waiting_release(connection)}
    queries = {
        "Releases": RELEASES,
        "Deliveries and loads by reporter": REPORTERS,
        "Refused and held, newest first": REFUSALS,
        "Verdicts of the last 7 days that were not met": VERDICTS,
        "Told to reporters, newest first": TOLD,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        return {title: cursor.execute(query.encode(), parameters).fetchall() for title, query in queries.items()}


def has_synthetic(connection: Connection) -> bool:
    """Whether any delivery is synthetic."""
    return connection.execute(HAS_SYNTHETIC).fetchone() == (True,)
