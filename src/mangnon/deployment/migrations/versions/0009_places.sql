-- Who speaks in a file is decided by the place in which it lay. The same content in two places is two deliveries: a copy of
-- another reporter's file in one's own place must not make the true one a known one.

alter table ops.deliveries add column place text;

comment on column ops.deliveries.place is
'The place in which it lay: the code of a reporter, _office, or _reference. Empty where it came before there were places.';
comment on column ops.deliveries.reporter_code is
'Whose delivery it is: in the place of a reporter that reporter''s, whatever the cover says; elsewhere the cover''s, and empty where the cover cannot be read.';
comment on table ops.deliveries is
'One row per file that arrived, by content and place. What the cover said is empty where it could not be read.';

-- What was reference data stays so when it is read again.
update ops.deliveries
set place = '_reference'
where reporter_code = '_reference';

alter table ops.deliveries drop constraint deliveries_sha256_key;
alter table ops.deliveries add constraint deliveries_by_content_and_place unique nulls not distinct (sha256, place);

create table ops.misplaced_files (
    path text primary key,
    first_seen_at timestamptz not null default now()
);

comment on table ops.misplaced_files is
'One row per file that lay in no place of the inbox when somebody last looked, by its path below the inbox. It is not read.';
