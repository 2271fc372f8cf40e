"""Makes the passwords and keys at the first start, before the databases exist, and keeps them in the volume `secrets`.

Neither compose.yml nor an environment nor the image contains a secret.
"""

import json
import secrets
from configparser import RawConfigParser
from io import StringIO

from cryptography.fernet import Fernet

from mangnon.orchestration import api
from mangnon.settings import settings, write_secret

FOLDER = settings().home / "secrets"
AIRFLOW_CONFIG = FOLDER / "airflow.cfg"


def make_secrets() -> None:
    """Writes the passwords and keys of all components. Repeating it changes nothing."""
    # airflow.cfg is written last. If it is missing, an earlier attempt was interrupted before any database could have
    # taken over its passwords, so all are made anew.
    if not AIRFLOW_CONFIG.exists():
        warehouse, metadata, broker = (secrets.token_urlsafe(24) for _ in range(3))
        write_secret(FOLDER / "warehouse", warehouse)
        write_secret(FOLDER / "metadata", metadata)
        write_secret(FOLDER / "pgpass", f"warehouse:5432:*:mangnon:{warehouse}\nmetadata:5432:*:airflow:{metadata}\n")
        write_secret(FOLDER / "broker.conf", f"requirepass {broker}\nappendonly yes\ndir /data\n")
        # The broker reads the file as a user of its own. Nobody else can enter its container.
        (FOLDER / "broker.conf").chmod(0o644)
        write_secret(AIRFLOW_CONFIG, _airflow_config(broker))
        print("Passwords and keys: made, and kept in the volume `secrets`", flush=True)
    if not api.password_file().exists():
        write_secret(api.password_file(), json.dumps({api.USER: secrets.token_urlsafe(12)}))


def _airflow_config(broker_password: str) -> str:
    config = RawConfigParser()
    config.read_dict(
        {
            "core": {"fernet_key": Fernet.generate_key().decode()},
            "api": {"secret_key": secrets.token_urlsafe(32)},
            "api_auth": {"jwt_secret": secrets.token_urlsafe(32)},
            "celery": {"broker_url": f"redis://:{broker_password}@broker:6379/0"},
        }
    )
    text = StringIO()
    config.write(text)
    return text.getvalue()


if __name__ == "__main__":
    make_secrets()
