-- One row per folder of the inbox with files that lie in no place; the folder is empty for the inbox itself.
select
    case when position('/' in path) > 0 then split_part(path, '/', 1) else '' end as folder,
    count(*) as files,
    min(path) as one_of_them
from ops.misplaced_files
group by folder
order by folder
