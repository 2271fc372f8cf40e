{% macro batches_asked() -%}
    array[{{ asked('batches') }}]::bigint[]
{%- endmacro %}

{% macro reference_loads_asked() -%}
    {#- The reference loads that count for this run: areas and kinds of programmes are taken from them. -#}
    array[{{ asked('reference_loads') }}]::bigint[]
{%- endmacro %}

{% macro candidate_asked() -%}
    {#- The release that the computed tables are built for. -#}
    {{ asked('candidate') or 0 }}
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

{% macro in_release() -%}
    {#- Condition on ops.published_loads: the load counts in the candidate, whose ranges are already written. -#}
    from_release <= {{ candidate_asked() }} and until_release > {{ candidate_asked() }}
{%- endmacro %}

{% macro delete_loads_of_batches() -%}
    {#- With the append that follows in the same transaction, modelling a batch again leaves the same rows. -#}
    {% if is_incremental() %}
        delete from {{ this }}
        where load_id in (
            select load_id from {{ source('ops', 'loads') }}
            where batch_id = any({{ batches_asked() }}) and state in ('loaded', 'modelled')
        )
    {% endif %}
{%- endmacro %}

{% macro delete_release() -%}
    {% if is_incremental() %}delete from {{ this }} where release_id = {{ candidate_asked() }}{% endif %}
{%- endmacro %}

{% macro analyze_release() -%}
    {#- The models and gates that follow ask for a release of which the planner would expect one row. Deploying computes
        none, and an empty table that was analyzed is read without asking which release is visible. -#}
    {% if candidate_asked() | int %}analyze {{ this }}{% endif %}
{%- endmacro %}

{% macro known_batches() -%}
    {#- The batches whose loads the candidate knows: what is still being loaded belongs to a later release. -#}
    select batch_id from {{ source('ops', 'batches') }}
    where state = 'published'
    union
    select batch_id from {{ source('ops', 'release_batches') }}
    where release_id = {{ candidate_asked() }}
{%- endmacro %}

{% macro new_batches() -%}
    {#- The batches that the candidate is the first to know: its own, and those that changed nothing since the last
        release. A rollback models nothing, so it is not the last release here. -#}
    select batch_id from {{ source('ops', 'release_batches') }}
    where release_id = {{ candidate_asked() }}
    union
    select batch_id from {{ source('ops', 'batches') }}
    where
        {{ candidate_asked() }} > 0
        and state = 'published'
        and published_at > coalesce(
            (
                select max(published_at) from {{ source('ops', 'releases') }}
                where state = 'published' and restores is null
            ),
            '-infinity'
        )
        and batch_id not in (
            select release_batches.batch_id
            from {{ source('ops', 'release_batches') }} as release_batches
            inner join {{ source('ops', 'releases') }} as releases using (release_id)
            where releases.state = 'published'
        )
{%- endmacro %}

{% macro delete_new_batches() -%}
    {% if is_incremental() %}delete from {{ this }} where batch_id in ({{ new_batches() }}){% endif %}
{%- endmacro %}

{% macro loads_with_covers() -%}
    {#- What staging views know of a load: nothing sees the rows of raw without it. -#}
    select
        loads.load_id,
        loads.batch_id,
        loads.delivery_id,
        loads.state as load_state,
        loads.reporter_code,
        loads.form,
        loads.period,
        loads.rows_loaded,
        loads.loaded_at,
        deliveries.is_synthetic,
        deliveries.received_at
    from {{ source('ops', 'loads') }} as loads
    inner join {{ source('ops', 'deliveries') }} as deliveries on loads.delivery_id = deliveries.delivery_id
{%- endmacro %}
