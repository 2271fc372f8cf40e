-- One row per folder of the inbox with files that lie in no place.
select
    case when position('/' in path) > 0 then split_part(path, '/', 1) || '/' else '(the inbox itself)' end as folder,
    count(*) as files,
    min(path) as one_of_them,
    min(first_seen_at) as first_seen,
    'move them into <code>/ or _office/' as what_to_do
from ops.misplaced_files
group by folder
order by folder
limit 50
