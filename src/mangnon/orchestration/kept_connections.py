"""Prints the Airflow connections of these names as one line of JSON, for a command that is no task.

    python -m mangnon.orchestration.kept_connections NAME...

Airflow takes any failure of its database for a connection that is not there, so the database is asked first.
"""

import json
import sys

import sqlalchemy
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.utils.session import create_session


def kept(names: list[str]) -> dict[str, str]:
    """Returns the connections that there are, by name, as JSON. Raises SystemExit with the reason."""
    found = {}
    try:
        with create_session() as session:
            session.execute(sqlalchemy.text("select"))
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise SystemExit(str(error).splitlines()[0]) from None
    for name in names:
        try:
            found[name] = Connection.get(name).as_json()
        except AirflowNotFoundException:
            continue
    return found


if __name__ == "__main__":
    print(json.dumps(kept(sys.argv[1:])))
