"""A month that is sent again: a release that differs from the first one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from support.workbooks import event, send, sessions


@dataclass
class Resubmitted:
    """The sample as release 1; release 2, in which 193 has sent July again with one session more."""

    warehouse: ModuleType
    inbox: Path
    run_night: Callable[[], int | None]
    before: int
    load: int

    def sessions(self, release: int | None = None) -> int | None:
        return sessions(self.warehouse, "193", release)

    def send(self, count: int, revision: int, reason: str = "sửa số liệu") -> None:
        send(self.inbox, "193", {"events": [event("193", count)]}, revision, reason)
