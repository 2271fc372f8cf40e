"""Returns what a command prints, and what BI sees."""

from types import ModuleType

import psycopg
from click.testing import CliRunner

from support.marts import OF_ALL_RELEASES, OF_NO_RELEASE


def run(command: object, *arguments: object) -> str:
    """Runs a command, asserts that it succeeds, and returns what it prints."""
    result = CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def everything(warehouse: ModuleType, release: int | None = None) -> dict[str, list[tuple]]:
    """Returns mart → all its rows as BI sees them, without the columns that identify the release."""
    with psycopg.connect(warehouse.reader_url(), options=warehouse.connection_options(release=release)) as reader:
        views = reader.execute("select viewname from pg_views where schemaname = 'marts' order by 1").fetchall()
        return {
            view: reader.execute(
                f"""
                select to_jsonb({view}) - 'release_id' - 'published_at' - 'seen_until' as content
                from marts.{view}
                order by 1
                """
            ).fetchall()
            for (view,) in views
            if view not in (*OF_ALL_RELEASES, *OF_NO_RELEASE)
        }
