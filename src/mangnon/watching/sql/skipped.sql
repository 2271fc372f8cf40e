select
    source as file,
    reason,
    seen_at as since
from ops.skipped_files
order by source
limit 100
