{% macro batches_asked() -%}
    array[{{ asked('batches') }}]::bigint[]
{%- endmacro %}

{% macro reference_loads_asked() -%}
    {#- The reference loads that count for this run: areas and kinds of programmes are taken from them. -#}
    array[{{ asked('reference_loads') }}]::bigint[]
{%- endmacro %}

{% macro asked(name) -%}
    {#- What this run was asked for stands in a setting of its connection: for a variable dbt parses the project again. -#}
    {%- if execute -%}
        {{ run_query("select coalesce(current_setting('mangnon." ~ name ~ "', true), '')").columns[0][0] }}
    {%- endif -%}
{%- endmacro %}

{% macro in_batches() -%}
    {#- Condition on a staging view: the load is being modelled. Found by the index on batch_id, or by its number when
        it was pruned and is restored. -#}
    {%- if var('restored_load_ids') -%}
        load_id = any(array[{{ var('restored_load_ids') | join(', ') }}]::bigint[])
    {%- else -%}
        batch_id = any({{ batches_asked() }}) and load_state in ('loaded', 'modelled')
    {%- endif -%}
{%- endmacro %}

{% macro in_reference_loads() -%}
    {#- Condition on a dimension: the row is of the reference data that counts for this run. -#}
    load_id = any({{ reference_loads_asked() }})
{%- endmacro %}

{% macro delete_loads_of_batches() -%}
    {#- With the append that follows in the same transaction, modelling a batch again leaves the same rows. -#}
    {% set loads = ref('stg_loads') %}
    {% if is_incremental() %}
        delete from {{ this }}
        where load_id in (
            select load_id from {{ loads }}
            where batch_id = any({{ batches_asked() }}) and load_state in ('loaded', 'modelled')
        )
    {% endif %}
{%- endmacro %}
