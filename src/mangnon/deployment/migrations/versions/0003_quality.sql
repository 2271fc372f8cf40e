-- How grave each problem is, and which cells a verdict speaks of: what a reporter gets back.

alter table raw.problems
add column severity text not null default 'critical' check (severity in ('critical', 'warning', 'info'));

update raw.problems set severity = 'info'
where rule = 'column_ignored';

comment on table raw.problems is
'One row per thing that reading a file found: what is refused (critical), what is likely a mistake (warning), what was inferred or not read (info). The message is for the reporter.';

create table ops.verdict_cells (
    verdict_id bigint not null references ops.verdicts on delete cascade,
    sheet_name text,
    row_number integer not null,
    field text not null,
    message text not null,
    unique nulls not distinct (verdict_id, sheet_name, row_number, field)
);

comment on table ops.verdict_cells is
'One row per verdict and cell of the submission that it speaks of; the message is for the reporter.';
