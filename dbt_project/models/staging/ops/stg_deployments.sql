with deployments as (
    select * from {{ source('ops', 'deployments') }}
)

select
    deployment_id,
    deployed_at
from deployments
