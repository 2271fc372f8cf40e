-- Who was told what: a workbook or a reminder is written once, and mailed once where mail is configured.

create table ops.feedback (
    feedback_id bigint generated always as identity primary key,
    kind text not null check (kind in ('workbook', 'reminder')),
    reporter_code text,
    period date check (period = date_trunc('month', period)),
    delivery_id bigint references ops.deliveries,
    topics text[] not null,
    subject text not null,
    body text not null,
    paths text[] not null unique,
    written_at timestamptz not null default now(),
    mail_state text not null check (mail_state in ('none', 'waiting', 'sent', 'withdrawn')),
    mailed_at timestamptz,
    mail_error text,
    check ((kind = 'workbook') = (delivery_id is not null)),
    check ((mail_state = 'sent') = (mailed_at is not null))
);

comment on table ops.feedback is
'One row per workbook or reminder that lies in the outbox. Its topics say what it speaks of: of a delivery form and rule, in a reminder the missing forms. A delivery is told of a topic once.';
comment on column ops.feedback.mail_state is
'none: it is not to be mailed; waiting: it is tried at every run; withdrawn: what it reminds of arrived before it was mailed.';

create index feedback_by_delivery on ops.feedback (delivery_id);

create unique index feedback_one_reminder on ops.feedback (reporter_code, period) where kind = 'reminder';
