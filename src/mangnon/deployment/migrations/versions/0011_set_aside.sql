-- What people decide of a delivery: it is set aside, or read once more.

create table ops.delivery_decisions (
    decision_id bigint generated always as identity primary key,
    delivery_id bigint not null references ops.deliveries,
    decision text not null check (decision in ('refuse', 'retry')),
    decided_by text not null,
    reason text not null check (reason <> ''),
    decided_at timestamptz not null default now(),
    last_load_id bigint references ops.loads
);

comment on table ops.delivery_decisions is
'One row per decision of a person on a delivery: refuse sets it aside, retry has it read again in the next night.';
comment on column ops.delivery_decisions.last_load_id is
'The newest load of the delivery at that moment; a newer one answers a retry.';

create index delivery_decisions_by_delivery on ops.delivery_decisions (delivery_id);
