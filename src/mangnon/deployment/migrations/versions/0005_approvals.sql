-- Approvals: a release that only warnings hold back waits for a person.

alter table ops.verdicts add column holds_release boolean not null default false;

comment on column ops.verdicts.holds_release is
'Whether the rule, when it is not met, keeps the release from readers until a person approves.';

-- A candidate that another one replaced was judged by nobody: it answers no question, and asks none.
alter table ops.releases
add column refused_for text check (refused_for in ('critical', 'warnings', 'replaced'));
alter table ops.releases
add constraint releases_refused_for_something check (refused_for is null or state = 'refused');

comment on column ops.releases.refused_for is
'Why it was refused: critical rules, warnings that a person may approve, or a newer candidate in its place.';

create table ops.release_approvals (
    release_id integer primary key references ops.releases,
    refused_release integer not null references ops.releases,
    rules text[] not null,
    warnings text[] not null,
    approved_by text not null,
    reason text not null check (reason <> ''),
    approved_at timestamptz not null default now()
);

comment on table ops.release_approvals is
'One row per release that was published despite warnings: which refused release was looked at, for what it was held, who approved it and why. A rollback to such a release has a row as well.';
