{% macro candidate_asked() -%}
    {#- The release that the computed tables are built for. -#}
    {{ asked('candidate') or 0 }}
{%- endmacro %}

{% macro in_release() -%}
    {#- Condition on stg_published_loads: the load counts in the candidate, whose ranges are already written. -#}
    from_release <= {{ candidate_asked() }} and until_release > {{ candidate_asked() }}
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
    select batch_id from {{ ref('stg_batches') }}
    where batch_state = 'published'
    union
    select batch_id from {{ ref('stg_release_batches') }}
    where release_id = {{ candidate_asked() }}
{%- endmacro %}

{% macro new_batches() -%}
    {#- The batches that the candidate is the first to know: its own, and those that changed nothing since the last
        release. A rollback models nothing, so it is not the last release here. -#}
    select batch_id from {{ ref('stg_release_batches') }}
    where release_id = {{ candidate_asked() }}
    union
    select batch_id from {{ ref('stg_batches') }}
    where
        {{ candidate_asked() }} > 0
        and batch_state = 'published'
        and published_at > coalesce(
            (
                select max(published_at) from {{ ref('stg_releases') }}
                where release_state = 'published' and restored_release_id is null
            ),
            '-infinity'
        )
        and batch_id not in (
            select release_batches.batch_id
            from {{ ref('stg_release_batches') }} as release_batches
            inner join {{ ref('stg_releases') }} as releases using (release_id)
            where releases.release_state = 'published'
        )
{%- endmacro %}

{% macro delete_new_batches() -%}
    {% if is_incremental() %}delete from {{ this }} where batch_id in ({{ new_batches() }}){% endif %}
{%- endmacro %}
