{#- Views of the marts are made by deploy, never by a night, and only when their SQL or their comments changed:
    replacing a view makes its readers wait, at most as long as the lock_timeout that deploy gives its connection.
    A view is dropped only when PostgreSQL cannot replace it, and never together with what an analyst built on it; what
    was granted on it is granted again. -#}
{% materialization published_view, adapter='postgres' %}
    {%- set view = this.incorporate(type='view') -%}
    {%- set view_name = view.schema ~ '.' ~ view.identifier -%}
    {%- set comments = view_comments(view) -%}
    {#- The name of the database stays out of the hash: a copy of a warehouse has the same views. -#}
    {%- set sql_hash = local_md5((sql ~ comments) | replace(adapter.quote(this.database) ~ '.', '')) -%}
    {%- set deployed = run_query(
        "select 1 from ops.deployed_views where view_name = '" ~ view_name ~ "' and sql_hash = '" ~ sql_hash ~ "'"
    ) -%}

    {% if load_cached_relation(view) is not none and deployed.rows | length == 1 %}
        {% call noop_statement('main', 'UNCHANGED') %}{% endcall %}
    {% else %}
        {% call statement('main') %}
            {{ view_definition(view, sql) }}
            {{ comments }}
            insert into ops.deployed_views (view_name, sql_hash) values ('{{ view_name }}', '{{ sql_hash }}')
            on conflict (view_name) do update set sql_hash = excluded.sql_hash, deployed_at = now();
        {% endcall %}
        {% do adapter.commit() %}
    {% endif %}

    {{ return({'relations': [view]}) }}
{% endmaterialization %}

{% macro view_definition(view, sql) %}
    do $definition$
    declare
        granted aclitem [] := (select relacl from pg_class where oid = to_regclass('{{ view }}'));
        privilege record;
    begin
        create or replace view {{ view }} as {{ sql }};
    exception when invalid_table_definition then
        drop view {{ view }};
        create view {{ view }} as {{ sql }};
        for privilege in select * from aclexplode(granted) where grantee <> grantor loop
            execute format(
                'grant %s on {{ view }} to %s', privilege.privilege_type,
                case privilege.grantee when 0 then 'public' else privilege.grantee::regrole::text end
            );
        end loop;
    end $definition$;
{% endmacro %}

{% macro view_comments(view) %}
    comment on view {{ view }} is {{ postgres_escape_comment(model.description) }};
    {% for column in view_columns() %}
        comment on column {{ view }}.{{ column.name }} is {{ postgres_escape_comment(column.description) }};
    {% endfor %}
{% endmacro %}

{% macro view_columns() %}
    {#- The columns that the view declares, else those of its table in the core, which also describes the ones of which
        the view only gives the name. -#}
    {% set of_table = {} %}
    {% for name in model.depends_on.nodes if name.startswith('model.') %}
        {% do of_table.update(graph.nodes[name].columns) %}
    {% endfor %}
    {% set columns = [] %}
    {% for column in (model.columns or of_table).values() %}
        {% do columns.append(column if column.description else of_table[column.name]) %}
    {% endfor %}
    {% do return(columns) %}
{% endmacro %}

{% macro core_columns(core_model) %}
    {#- The columns that the core model's contract declares: a view names each, because `*` would freeze them. -#}
    {% if execute %}
        {% do return(graph.nodes['model.' ~ project_name ~ '.' ~ core_model].columns.keys() | list) %}
    {% else %}
        {% do return(['load_id']) %}
    {% endif %}
{% endmacro %}

{% macro star_view(core_model, form) %}
    {#- The rows of the loads that count in the release that the session looks at; no logic beside. -#}
    select
        {% for column in core_columns(core_model) %}
            {{ core_model }}.{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref(core_model) }} as {{ core_model }}
    inner join {{ source('ops', 'published_loads') }} as published_loads using (load_id)
    where
        published_loads.form = '{{ form }}'
        and published_loads.from_release <= (select ops.visible_release())
        and published_loads.until_release > (select ops.visible_release())
{% endmacro %}

{% macro release_view(core_model) %}
    {#- What was computed for the release that the session looks at. -#}
    select {{ core_columns(core_model) | join(', ') }}
    from {{ ref(core_model) }}
    where release_id = (select ops.chosen_release())
{% endmacro %}

{% macro static_view(core_model) %}
    {#- A table that is the same in every release. -#}
    select {{ core_columns(core_model) | join(', ') }}
    from {{ ref(core_model) }}
{% endmacro %}
