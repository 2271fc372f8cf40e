"""A month that a reporter sends again, and so a second release that differs from the first."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from support.workbooks import event, send, sessions


@dataclass
class Resubmitted:
    """Release 1 is the sample. In release 2, reporter 193 has sent July again with one more session."""

    warehouse: ModuleType
    inbox: Path
    run_night: Callable[[], int | None]
    before: int
    load: int

    def sessions(self, release: int | None = None) -> int | None:
        """Returns the sessions of 193 in July that BI sees."""
        return sessions(self.warehouse, "193", release)

    def send(self, count: int, revision: int, reason: str = "sửa số liệu") -> None:
        """Puts July of 193 with so many sessions into the inbox."""
        send(self.inbox, "193", {"events": [event("193", count)]}, revision, reason)
