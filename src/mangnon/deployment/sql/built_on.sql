-- The objects that others built on our views.
select distinct
    format('marts.%I', views.relname) as view_name,
    coalesce(
        rules.ev_class::regclass::text,
        pg_describe_object(dependants.classid, dependants.objid, dependants.objsubid)
    ) as built
from pg_class as views
inner join pg_depend as dependants
    on views.oid = dependants.refobjid and dependants.refclassid = 'pg_class'::regclass
left join pg_rewrite as rules
    on dependants.objid = rules.oid and dependants.classid = 'pg_rewrite'::regclass
where
    views.relnamespace = to_regnamespace('marts')
    and views.relkind = 'v'
    and views.relowner = to_regrole('transformer')
    and dependants.deptype = 'n'
    and rules.ev_class is distinct from views.oid
order by view_name, built
