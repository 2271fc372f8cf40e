"""Where things are: read from the environment each time, with defaults for a checkout on one machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from dotenv import load_dotenv

PROJECT = Path(__file__).resolve().parents[2]
ENV_FILE = PROJECT / ".env"
TIMEZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True)
class Settings:
    """The settings of this process; `.env.example` explains each variable."""

    home: Path
    inbox: str
    archive: str
    outbox: str
    # For places on other machines: what Airflow's connections mangnon_inbox, mangnon_archive and mangnon_outbox say, by
    # place, and the files of an SFTP client.
    connections: Mapping[str, str]
    sftp_key: str | None
    sftp_known_hosts: str
    aws: frozenset[tuple[str, str]]  # the variables that the client of S3 reads itself
    warehouse_url: str | None
    smtp_url: str | None
    mail_from: str | None
    mail_addresses: Path | None
    # Watching: how logs are written, and where Airflow sends its events of lineage and its own metrics.
    json_logs: bool
    openlineage: str | None
    statsd: str | None
    otlp: str | None
    # In containers only, where docker/compose.yml sets them: host:port at which BI reaches the container of the
    # warehouse, and where Airflow runs that is not ours to start.
    bi_address: str | None
    airflow_url: str | None


def settings() -> Settings:
    """The settings that the environment gives now."""
    home = Path(os.environ.get("MANGNON_HOME") or PROJECT / ".mangnon").resolve()
    return Settings(
        home=home,
        inbox=os.environ.get("MANGNON_INBOX") or str(home / "inbox"),
        archive=os.environ.get("MANGNON_ARCHIVE") or str(home / "archive"),
        outbox=os.environ.get("MANGNON_OUTBOX") or str(home / "outbox"),
        connections={
            place: said
            for place in ("inbox", "archive", "outbox")
            if (said := os.environ.get(f"AIRFLOW_CONN_MANGNON_{place.upper()}"))
        },
        sftp_key=os.environ.get("MANGNON_SFTP_KEY") or None,
        sftp_known_hosts=os.environ.get("MANGNON_SFTP_KNOWN_HOSTS") or str(Path("~/.ssh/known_hosts").expanduser()),
        aws=frozenset((name, value) for name, value in os.environ.items() if name.startswith("AWS_")),
        warehouse_url=os.environ.get("WAREHOUSE_URL") or None,
        smtp_url=os.environ.get("MANGNON_SMTP_URL") or None,
        mail_from=os.environ.get("MANGNON_MAIL_FROM") or None,
        mail_addresses=Path(addresses) if (addresses := os.environ.get("MANGNON_MAIL_ADDRESSES")) else None,
        json_logs=os.environ.get("MANGNON_JSON_LOGS", "").lower() in ("1", "true"),
        openlineage=os.environ.get("MANGNON_OPENLINEAGE") or None,
        statsd=os.environ.get("MANGNON_STATSD") or None,
        otlp=os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None,
        bi_address=os.environ.get("MANGNON_BI_ADDRESS") or None,
        airflow_url=os.environ.get("MANGNON_AIRFLOW_URL") or None,
    )


def read_env_file() -> None:
    """Takes over what `.env` says, each value as it is written. What the environment says stays."""
    load_dotenv(ENV_FILE, interpolate=False)


def write_secret(path: Path, text: str) -> None:
    """Writes a file that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
