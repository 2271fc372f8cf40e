-- What was found is kept as an id and its values, so that nobody has to read a sentence to know it.

alter table raw.problems
add column wording_id text,
add column wording_values jsonb;

comment on column raw.problems.wording_id is
'Which wording of src/mangnon/reading/problems.yml the message has; empty where it was read before there were any.';
comment on column raw.problems.wording_values is
'The values that stand in the message, by name.';
comment on column raw.problems.value is 'What the cell says; of a column that is not read, its header.';

-- The last time that a sentence is taken apart: the rule about columns of personal data looks at headers.
update raw.problems
set value = substring(message from '^Cột “(.*)” (?:là số thứ tự|không thuộc biểu) nên không được đọc\.$')
where rule = 'column_ignored' and value is null;

alter table ops.verdicts add column detail text;

comment on column ops.verdicts.detail is
'What the rule found, which the message makes a sentence of: the same detail is the same finding.';

-- What a reporter was told of a tie is known by a word, no more by the sentence that it was told.
update ops.feedback
set
    topics = array(
        select regexp_replace(topic, ':held Hai tệp khác nhau cùng lần gửi .*$', ':tie')
        from unnest(topics) as topic
    )
where array_to_string(topics, ' ') like '%:held Hai tệp khác nhau cùng lần gửi %';
