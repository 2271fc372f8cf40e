select
    feedback.written_at as at,
    coalesce(feedback.reporter_code, '?') as reporter,
    coalesce(to_char(feedback.period, 'YYYY-MM'), '') as period,
    feedback.kind,
    coalesce(deliveries.file_name, '') as about,
    feedback.mail_state as mail,
    coalesce(feedback.mail_error, '') as why_not
from ops.feedback
left join ops.deliveries on feedback.delivery_id = deliveries.delivery_id
where feedback.period = %(period)s or %(period)s::date is null
order by feedback.feedback_id desc
limit 20
