"""The code lists of the warehouse: those that count now, or those of another time."""

from psycopg import sql
from psycopg.rows import dict_row

from mangnon.contract.code_lists import CodeLists
from mangnon.warehouse import Connection


def read_code_lists(connection: Connection, reference_load_ids: list[int] | None = None) -> CodeLists:
    """The lists of these reference loads, by default of those that count now; empty before any was loaded."""
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


def counting_reference_loads(connection: Connection) -> list[int]:
    """The reference loads that models use now."""
    rows = connection.execute("select load_id from ops.counting_reference_loads order by load_id").fetchall()
    return [row[0] for row in rows]
