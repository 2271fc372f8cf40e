{#- Only a deployment makes views of the marts, and only if their SQL or comments changed: replacing a view makes its
    readers wait, at most for the lock_timeout of the deployment's connection. A view is dropped only if PostgreSQL
    cannot replace it, and never together with views that an analyst built on it. Its grants are given again. -#}
{% materialization published_view, adapter='postgres' %}
    {%- set view = this.incorporate(type='view') -%}
    {%- set view_name = view.schema ~ '.' ~ view.identifier -%}
    {%- set comments = view_comments(view) -%}
    {#- The hash leaves the name of the database out, since a copy of a warehouse has the same views. -#}
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
    {#- The columns that the view declares; if it declares none, those of its table in the core. A column without a
        description of its own gets the table's. -#}
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
    {#- The columns that the core model's contract declares. A view names each, because `*` would freeze their list. -#}
    {% if execute %}
        {% do return(graph.nodes['model.' ~ project_name ~ '.' ~ core_model].columns.keys() | list) %}
    {% else %}
        {% do return(['load_id']) %}
    {% endif %}
{% endmacro %}

{% macro star_view(core_model, form) %}
    {#- The rows of the loads that count in the release that the session looks at. -#}
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
    {#- The rows that were computed for the release that the session looks at. Of a pruned one only the annual report is
        there; whoever asks for the rest is told so, and not shown an empty table. -#}
    select {{ core_columns(core_model) | join(', ') }}
    from {{ ref(core_model) }}
    where release_id = (select ops.{{ 'chosen' if core_model == 'computed_annual_report' else 'visible' }}_release())
{% endmacro %}

{% macro history_view(core_model) %}
    {#- The rows that were computed for each published release. -#}
    select
        {{ core_model }}.release_id,
        (releases.published_at at time zone 'Asia/Ho_Chi_Minh')::date as published_on
        {% for column in core_columns(core_model) if column != 'release_id' %}
            , {{ core_model }}.{{ column }}
        {% endfor %}
    from {{ ref(core_model) }} as {{ core_model }}
    inner join {{ source('ops', 'releases') }} as releases on {{ core_model }}.release_id = releases.release_id
    where releases.state = 'published'
{% endmacro %}

{% macro static_view(core_model) %}
    {#- A table that is the same in every release. -#}
    select {{ core_columns(core_model) | join(', ') }}
    from {{ ref(core_model) }}
{% endmacro %}
