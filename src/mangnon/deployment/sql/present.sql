-- The relations of a schema that are ours, with their columns in order.
select
    relations.relname,
    obj_description(relations.oid, 'pg_class') as relation_comment,
    columns.attname,
    format_type(columns.atttypid, columns.atttypmod) as column_type,
    col_description(columns.attrelid, columns.attnum) as column_comment,
    columns.attnotnull,
    coalesce(columns.attnum = any(keys.conkey), false) as is_of_key
from pg_class as relations
inner join pg_attribute as columns on relations.oid = columns.attrelid
left join pg_constraint as keys on relations.oid = keys.conrelid and keys.contype = 'p'
where
    relations.relnamespace = to_regnamespace(%(schema)s)
    and relations.relkind in ('r', 'p', 'v')
    and columns.attnum > 0
    and not columns.attisdropped
    and (relations.relkind <> 'v' or relations.relowner = to_regrole('transformer'))
order by relations.relname, columns.attnum
