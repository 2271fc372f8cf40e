{% macro candidate_asked() -%}
    {#- The number of the candidate that this run computes tables for; 0 if there is none. -#}
    {{ asked('candidate') or 0 }}
{%- endmacro %}

{% macro in_release() -%}
    {#- Condition on stg_published_loads: the load counts in the candidate. The ledger has its spans already. -#}
    from_release <= {{ candidate_asked() }} and until_release > {{ candidate_asked() }}
{%- endmacro %}

{% macro delete_release() -%}
    {% if is_incremental() %}delete from {{ this }} where release_id = {{ candidate_asked() }}{% endif %}
{%- endmacro %}

{% macro delete_unused_years() -%}
    {#- Deletes what an earlier attempt computed for the candidate, and what no release shows any more, because the years
        of releases that are pruned go. The releases that computed rows are found one by one through the index, since
        the table is large and they are few. -#}
    {% if is_incremental() %}
        with recursive computing as (
            select min(computed_in) as release_id from {{ this }}
            union all
            select (select min(computed_in) from {{ this }} where computed_in > computing.release_id)
            from computing
            where computing.release_id is not null
        )
        delete from {{ this }}
        where computed_in in (
            select release_id from computing
            where
                release_id = {{ candidate_asked() }}
                or release_id not in (select computed_in from {{ ref('computed_area_figure_years') }})
        )
    {% endif %}
{%- endmacro %}

{% macro known_batches() -%}
    {#- The batches whose loads the candidate knows. Loads of an open batch belong to a later release. -#}
    select batch_id from {{ ref('stg_batches') }}
    where batch_state = 'published' and {{ candidate_asked() }} > 0
    union
    select batch_id from {{ ref('stg_release_batches') }}
    where release_id = {{ candidate_asked() }}
{%- endmacro %}

{% macro new_batches() -%}
    {#- The batches that no earlier release knows: the candidate's own, and those since the last release that changed
        nothing. A rollback models nothing, so it does not count as the last release. -#}
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
