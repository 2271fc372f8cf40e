{% macro batches_asked() -%}
    array[{{ asked('batches') }}]::bigint[]
{%- endmacro %}

{% macro reference_loads_asked() -%}
    {#- The reference loads that count for this run. Areas and kinds of programmes come from them. -#}
    array[{{ asked('reference_loads') }}]::bigint[]
{%- endmacro %}

{% macro asked(name) -%}
    {#- Reads a setting of the connection. With a changed dbt variable, dbt would parse the whole project again. -#}
    {%- if execute -%}
        {{ run_query("select coalesce(current_setting('mangnon." ~ name ~ "', true), '')").columns[0][0] }}
    {%- endif -%}
{%- endmacro %}

{% macro in_batches() -%}
    {#- Condition on a staging view: this run models the load. The index on batch_id finds it; a pruned load that is
        restored is found by its number. -#}
    {%- if var('restored_load_ids') -%}
        load_id = any(array[{{ var('restored_load_ids') | join(', ') }}]::bigint[])
    {%- else -%}
        batch_id = any({{ batches_asked() }}) and load_state in ('loaded', 'modelled')
    {%- endif -%}
{%- endmacro %}

{% macro in_reference_loads() -%}
    {#- Condition on a dimension: the row belongs to the reference data that count for this run. -#}
    load_id = any({{ reference_loads_asked() }})
{%- endmacro %}

{% macro delete_loads_of_batches() -%}
    {#- The append follows in the same transaction, so modelling a batch again leaves the same rows. -#}
    {% set loads = ref('stg_loads') %}
    {% if is_incremental() %}
        delete from {{ this }}
        where load_id in (
            select load_id from {{ loads }}
            where batch_id = any({{ batches_asked() }}) and load_state in ('loaded', 'modelled')
        )
    {% endif %}
{%- endmacro %}

{% macro analyze_what_came() -%}
    {#- Autovacuum comes after a minute, and to a list of a few rows never; without statistics the planner expects one
        row in the queries, models and gates that follow. A deployment writes no rows and must not analyze: the planner
        reads a table that it knows to be empty without asking which release is visible. -#}
    {% if candidate_asked() | int or asked('batches') %}analyze {{ this }}{% endif %}
{%- endmacro %}
