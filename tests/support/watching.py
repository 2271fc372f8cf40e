"""What operators see: the doctor's advice and the metrics."""

from datetime import UTC, datetime, timedelta

from prometheus_client.parser import text_string_to_metric_families

from mangnon.watching import doctor, metrics

LATER = datetime.now(UTC) + timedelta(days=2)


def found(subject: str, now: datetime | None = None) -> list[str]:
    """Returns what the doctor says is to do about a subject."""
    return [
        f"{line.what}. {line.do}" for line in doctor.examine(now) if (line.subject, line.state) == (subject, "to do")
    ]


def measured() -> dict[str, float]:
    """Returns the metrics by name and labels, as Prometheus reads them."""
    return {
        sample.name.removeprefix("mangnon_") + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.text())
        for sample in family.samples
    }
