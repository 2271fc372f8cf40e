-- The reporters, forms and periods for which two releases count different loads.
select
    reporter_code,
    form,
    period,
    old_load,
    new_load,
    old_file,
    new_file,
    old_revision,
    new_revision,
    reason
from ops.changed_loads(%(old)s, %(new)s)
order by reporter_code, period, form
