"""The content of a load: a hash of its rows in the core, by which two readings are the same or not."""

from mangnon.contract.forms import Form, all_forms, core_tables
from mangnon.warehouse import Connection

# How the hash is made; another number when that changes.
FORMULA = 3


def note_modelled(connection: Connection, batches: list[int]) -> None:
    """Notes that the loads' rows are in the core, with a hash of their content, whatever its order and its place."""
    for form in all_forms().values():
        connection.execute(
            f"""
            with modelled as (
                select load_id from ops.loads
                where batch_id = any(%(batches)s) and form = %(form)s and state = 'loaded'
            ),

            contents as ({_contents(connection, form)})

            update ops.loads
            set state = 'modelled', content_hash = coalesce(contents.content_hash, 'empty')
            from modelled
            left join contents on contents.load_id = modelled.load_id
            where loads.load_id = modelled.load_id
            """,
            {"batches": batches, "form": form.name},
        )


def renew(connection: Connection) -> None:
    """Gives the loads whose hash an earlier version made one of today's, so that what comes again is found the same.

    Pruned loads keep theirs: their rows are gone.
    """
    for form in all_forms().values():
        connection.execute(
            f"""
            with modelled as (
                select load_id from ops.loads
                where form = %(form)s
                    and pruned_at is null
                    and content_hash <> 'empty'
                    and content_hash not like '{FORMULA}:%%'
            ),

            contents as ({_contents(connection, form)})

            update ops.loads
            set content_hash = contents.content_hash
            from contents
            where loads.load_id = contents.load_id
            """,
            {"form": form.name},
        )


def changed_contents(connection: Connection, load_ids: list[int]) -> list[int]:
    """Those of the loads whose rows in the core are not the ones of which the hash was noted."""
    changed = []
    for form in all_forms().values():
        rows = connection.execute(
            f"""
            with modelled as (
                select load_id, content_hash from ops.loads
                where load_id = any(%(load_ids)s) and form = %(form)s
            ),

            contents as ({_contents(connection, form)})

            select modelled.load_id
            from modelled
            left join contents on contents.load_id = modelled.load_id
            where modelled.content_hash is distinct from coalesce(contents.content_hash, 'empty')
            """,
            {"load_ids": load_ids, "form": form.name},
        )
        changed += [row[0] for row in rows]
    return changed


def _contents(connection: Connection, form: Form) -> str:
    """A query for the hash of each load of `modelled` that has rows in the core."""
    parts = " union all ".join(_content_of(connection, form, table) for table in core_tables(form))
    return f"""
        select load_id, '{FORMULA}:' || md5(string_agg(content, '|' order by content)) as content_hash
        from ({parts}) as parts
        group by load_id
    """


def _content_of(connection: Connection, form: Form, table: str) -> str:
    """A query for a hash per load of a core table's rows, without the columns that only say where they came from.

    A column without a value is left out, so that a column which later versions add changes no content of before.
    """
    columns = connection.execute(
        """
        select string_agg(format('%%L || %%I', attname || '=', attname), ', ' order by attname)
        from pg_attribute
        where attrelid = format('core.%%I', %s::text)::regclass
            and attnum > 0
            and not attisdropped
            and attname <> all(%s)
        """,
        [table, ["load_id", "line"]],
    ).fetchone()
    assert columns is not None
    return f"""
        select
            load_id,
            '{table}' || count(*) || ':' || sum(hashtextextended(concat_ws(chr(31), {columns[0]}), 0)) as content
        from core.{table}
        where load_id in (select load_id from modelled)
        group by load_id
    """
