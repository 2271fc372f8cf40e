-- What BI calls the rules. Their words are in the code, and a view can only read a table.

create table ops.rules (
    gate text not null check (gate in ('reading', 'loads', 'release')),
    rule text not null,
    label text not null,
    severity text not null check (severity in ('critical', 'warning', 'info')),
    primary key (gate, rule)
);

comment on table ops.rules is
'One row per gate and rule, with its Vietnamese label. Every deployment writes it; a rule that no longer exists stays, because old releases speak of it.';
