-- Every staging view of raw joins it. It is ephemeral, because dbt drops a view together with the views built on it.
{{ config(materialized='ephemeral') }}

with loads as (
    select * from {{ source('ops', 'loads') }}
),

deliveries as (
    select * from {{ source('ops', 'deliveries') }}
)

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
from loads
inner join deliveries on loads.delivery_id = deliveries.delivery_id
