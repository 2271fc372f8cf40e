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
    {% for column in model.columns.values() %}
        comment on column {{ view }}.{{ column.name }} is {{ postgres_escape_comment(column.description) }};
    {% endfor %}
{% endmacro %}

{% macro is_visible(lines, form) %}
    {#- Condition: the load of the lines counts in the release that the session looks at. Joined to the ledger, the
        planner took every view for one row. Of a list exactly one load counts, so it is compared with a subquery, and
        the planner divides the list by its loads. Of reports nearly all loads count, so the few others are left out;
        see docs/decisions/plans-of-views.md. -#}
    {% if form in submission_forms() %}
        not exists (
            select
            from {{ source('ops', 'hidden_loads') }} as hidden_loads
            where
                hidden_loads.load_id = {{ lines }}.load_id
                and hidden_loads.form = '{{ form }}'
                and hidden_loads.from_release <= (select ops.visible_release())
                and hidden_loads.until_release > (select ops.visible_release())
        )
    {% else %}
        {{ lines }}.load_id = (select ops.visible_list('{{ form }}'))
    {% endif %}
{% endmacro %}

{% macro snapshots_seen(form) %}
    {#- The loads of a snapshot that count in the release that the session looks at, and whether a load is the reporter's
        last one of its quarter and of its year. -#}
    select
        load_id,
        coalesce(
            lead(period) over of_reporter >= date_trunc('quarter', period) + interval '3 months', true
        ) as is_last_of_quarter,
        coalesce(
            lead(period) over of_reporter >= date_trunc('year', period) + interval '1 year', true
        ) as is_last_of_year
    from {{ source('ops', 'published_loads') }}
    where
        form = '{{ form }}'
        -- Most loads count. The planner, who cannot know what a comparison with a subquery lets through, would expect a
        -- ninth.
        and nullif(
            from_release <= (select ops.visible_release()) and until_release > (select ops.visible_release()), false
        ) is not null
    window of_reporter as (partition by reporter_code order by period)
{% endmacro %}

{% macro label(column, value) -%}
    {#- The Vietnamese label of a code. -#}
    case {{ value }}
        {%- for code, said in code_labels()[column].items() %} when '{{ code }}' then '{{ said }}'{% endfor %} end
{%- endmacro %}

{% macro cut_name(cut, number) -%}
    case {{ cut }}
        when 'month' then 'Tháng ' || {{ number }}
        when 'quarter' then 'Quý ' || {{ number }}
        when 'half_year' then '6 tháng ' || case {{ number }} when 1 then 'đầu năm' else 'cuối năm' end
        when 'nine_months' then '9 tháng'
        when 'year_to_date' then {{ number }} || ' tháng đầu năm'
        when 'year' then 'Cả năm'
    end
{%- endmacro %}

{% macro in_display_unit(value, unit) -%}
    case {{ unit }} when 'đồng' then round({{ value }} / 1e9, 3) else {{ value }} end
{%- endmacro %}

{% macro display_unit(unit) -%}
    case {{ unit }} when 'đồng' then 'tỷ đồng' else {{ unit }} end
{%- endmacro %}

{% macro seen_release() -%}
    {#- The release that the session looks at. Unit tests have none. -#}
    (select ops.visible_release())
{%- endmacro %}
