{#- Made from the core by `python -m mangnon.contract.page`: do not edit. -#}
select
    computed_reporting_rates.release_id,
    computed_reporting_rates.reporter_code,
    computed_reporting_rates.form,
    {{ label('form', 'computed_reporting_rates.form') }} as form_label,
    computed_reporting_rates.period,
    computed_reporting_rates.is_expected,
    computed_reporting_rates.is_received,
    computed_reporting_rates.is_counted,
    computed_reporting_rates.load_id,
    computed_reporting_rates.due_on,
    computed_reporting_rates.is_late,
    computed_reporting_rates.reporter_kind,
    {{ label('reporter_kind', 'computed_reporting_rates.reporter_kind') }} as reporter_kind_label,
    computed_reporting_rates.first_received_on,
    computed_reporting_rates.received_on,
    computed_reporting_rates.days_late,
    computed_reporting_rates.is_on_time,
    computed_reporting_rates.counted_lines,
    computed_reporting_rates.times_submitted,
    computed_reporting_rates.times_accepted,
    computed_reporting_rates.times_refused,
    computed_reporting_rates.times_held,
    computed_reporting_rates.resubmissions,
    computed_reporting_rates.broken_rules
from {{ ref('computed_reporting_rates') }} as computed_reporting_rates
where
    computed_reporting_rates.release_id = (select ops.visible_release())
