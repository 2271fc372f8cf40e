-- What a deployment is about to break is noted before it does, so that the reason is not lost when it is cut off.

alter table ops.deployments add column is_complete boolean not null default true;

comment on column ops.deployments.is_complete is
'False while what was accepted is being done, and after it was cut off; then nobody writes.';
