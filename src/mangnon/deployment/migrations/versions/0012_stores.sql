-- What the inbox holds and nobody reads, and whether the archive still has what it was given.

create table ops.skipped_files (
    source text primary key,
    reason text not null,
    seen_at timestamptz not null default now()
);

comment on table ops.skipped_files is
'One row per file of the inbox that the last night did not read, and why: a link, a pipe, a file that is still being written.';

create table ops.archive_checks (
    check_id bigint generated always as identity primary key,
    checked_at timestamptz not null default now(),
    files integer not null,
    damaged integer not null,
    missing integer not null
);

comment on table ops.archive_checks is
'One row per time that every file of the archive was read and compared with its sha256.';

create table ops.archive_faults (
    check_id bigint not null references ops.archive_checks,
    delivery_id bigint not null references ops.deliveries,
    fault text not null check (fault in ('damaged', 'missing')),
    primary key (check_id, delivery_id)
);

comment on table ops.archive_faults is 'One row per delivery whose file a check found damaged or missing.';
