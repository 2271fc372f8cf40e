-- Every table of the core that is keyed by release, with its other columns.
select
    tables.relname,
    string_agg(quote_ident(pg_attribute.attname), ', ' order by pg_attribute.attnum) filter (
        where pg_attribute.attname <> 'release_id'
    ) as other_columns
from pg_class as tables
inner join pg_attribute on tables.oid = pg_attribute.attrelid
where
    tables.relnamespace = 'core'::regnamespace
    and tables.relkind in ('r', 'p')
    and pg_attribute.attnum > 0
    and not pg_attribute.attisdropped
group by tables.relname
having bool_or(pg_attribute.attname = 'release_id')
