"""The code lists of the warehouse: those that count now, or those of another time."""

from psycopg import sql
from psycopg.rows import dict_row

from mangnon.contract.code_lists import REFERENCE_REPORTER, CodeLists
from mangnon.warehouse import Connection


def read_code_lists(connection: Connection, reference_load_ids: list[int] | None = None) -> CodeLists:
    """The lists of these reference loads, by default of those that count now; empty before any was accepted."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return CodeLists(
            *(
                cursor.execute(
                    sql.SQL(
                        """
                        select * from {}
                        where load_id = any(coalesce(%s, array(select load_id from ops.counting_reference_loads)))
                        """
                    ).format(sql.Identifier("raw", form)),
                    [reference_load_ids],
                ).fetchall()
                for form in ("areas", "reporters", "codes")
            )
        )


def list_hash(connection: Connection, form: str, load_id: int) -> str:
    """A hash of a list's rows as they were read, whatever their order; empty columns change nothing."""
    row = connection.execute(
        sql.SQL(
            """
            select md5(string_agg(content, e'\\n' order by content collate "C"))
            from (
                select jsonb_strip_nulls(to_jsonb(lines) - array['load_id', 'line', 'sheet_name', 'row_number'])::text
                from {} as lines
                where load_id = %s
            ) as contents (content)
            """
        ).format(sql.Identifier("raw", form)),
        [load_id],
    ).fetchone()
    return (row and row[0]) or "empty"


def next_revision(connection: Connection, form: str) -> int:
    """The number of the next delivery of a list, for who holds the right to publish.

    It is above whatever came before: until migration 0010 files claimed a revision themselves.
    """
    row = connection.execute(
        "select coalesce(max(revision), 0) + 1 from ops.loads where reporter_code = %s and form = %s",
        [REFERENCE_REPORTER, form],
    ).fetchone()
    assert row is not None
    return row[0]


def counting_reference_loads(connection: Connection) -> list[int]:
    """The reference loads that readers and models use now."""
    rows = connection.execute("select load_id from ops.counting_reference_loads order by load_id").fetchall()
    return [row[0] for row in rows]
