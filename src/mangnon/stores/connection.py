"""With which credentials a store on a server is opened: those of its Airflow connection, wherever that stands."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from mangnon.stores.store import StoreFailure

# Airflow is known by rooms above this one: pyproject.toml names the function that asks it, and any process finds it.
LOOK_UP = "mangnon.connections"


@dataclass(frozen=True)
class Connection:
    """What an Airflow connection says; it never stands in a message, only its origin does."""

    origin: str
    login: str | None = None
    password: str | None = None
    extra: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """Returns an entry of the connection's extra fields."""
        return dict(self.extra).get(name)

    def __repr__(self) -> str:
        return "Connection(…)"


def connection_of(which: str, variable: str | None) -> Connection:
    """Returns the connection of a store: that of the environment, if it gives one, or that of Airflow, if there is one.

    Raises StoreFailure if it cannot be understood, or Airflow cannot be asked.
    """
    if variable:
        return _read(f"AIRFLOW_CONN_MANGNON_{which.upper()}", variable)
    name = f"mangnon_{which}"
    if text := _from_airflow(name, os.getpid()):
        return _read(f"Airflow's connection {name}", text)
    return Connection(f"the environment, as Airflow gives no connection {name}")


@lru_cache(maxsize=16)
def _from_airflow(name: str, _process: int) -> str | None:
    look_ups: list[Callable[[str], str | None]] = [entry.load() for entry in entry_points(group=LOOK_UP)]
    return next((text for look_up in look_ups if (text := look_up(name))), None)


def _read(origin: str, text: str) -> Connection:
    """Reads a connection as Airflow writes it: JSON, or a URL whose query is the extra fields."""
    try:
        if text.lstrip().startswith("{"):
            return _from_json(origin, json.loads(text))
        url = urlsplit(text)
        if not url.scheme:
            raise ValueError(text)
        fields = {name: values[-1] for name, values in parse_qs(url.query).items()}
        # Airflow puts extra fields that are no flat texts into this one.
        fields |= {name: str(value) for name, value in json.loads(fields.pop("__extra__", "{}")).items()}
        return Connection(
            origin, unquote(url.username) if url.username else None, unquote(url.password) if url.password else None,
            tuple(fields.items()),
        )  # fmt: skip
    except (ValueError, AttributeError):
        raise StoreFailure(f"{origin} is neither a URL nor JSON of a connection") from None


def _from_json(origin: str, said: dict[str, Any]) -> Connection:
    extra = said.get("extra") or {}
    extra = json.loads(extra) if isinstance(extra, str) else extra
    fields = tuple((name, str(value)) for name, value in extra.items())
    return Connection(origin, said.get("login"), said.get("password"), fields)
