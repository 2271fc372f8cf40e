-- Which code made the warehouse what it is, and which changes for BI were accepted then.

create table ops.deployments (
    deployment_id bigint generated always as identity primary key,
    version text not null,
    code_hash text not null,
    migration text not null,
    deployed_at timestamptz not null default now(),
    deployed_by text not null,
    accepted_changes text[] not null default '{}',
    reason text check (reason <> ''),
    check ((cardinality(accepted_changes) > 0) = (reason is not null))
);

comment on table ops.deployments is
'One row per deployment of code that was not the last one deployed. Only the code of the newest row may write.';
comment on column ops.deployments.code_hash is
'Hash of what a deployment makes: migrations, roles, tables of the forms, models.';
comment on column ops.deployments.accepted_changes is
'What breaks queries of BI, and was deployed all the same, for the reason that stands beside it.';
