"""The warehouse: the database, its embedded server, which code it belongs to, and dbt."""

from mangnon.warehouse.connection import (
    DATABASE,
    PUBLISH_LOCK,
    Connection,
    PublishingElsewhere,
    connect,
    connection_options,
    observe,
    publishing_lock,
    reader_url,
    url,
)

__all__ = [
    "DATABASE",
    "PUBLISH_LOCK",
    "Connection",
    "PublishingElsewhere",
    "connect",
    "connection_options",
    "observe",
    "publishing_lock",
    "reader_url",
    "url",
]
