"""Writes the feedback workbook in a process of its own: the reporter's file is opened once more for it.

The process has the limits of one that reads a file, and no secrets. If the file takes more, or is not what it seems,
the feedback has the rows with findings only.
"""

import logging
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from mangnon.contract.code_lists import CodeLists
from mangnon.reading.isolation.client import ENVIRONMENT
from mangnon.reading.isolation.limits import TIME, allow_time, keep_limits
from mangnon.telling.feedback import workbook
from mangnon.telling.feedback.excerpts import Excerpt
from mangnon.telling.feedback.findings import Feedback

logger = logging.getLogger(__name__)


def write_workbook(path: Path, feedback: Feedback, original: Path, excerpts: list[Excerpt], lists: CodeLists) -> None:
    """Writes the feedback on a delivery, whose file is `original`, to `path`."""
    if feedback.is_receipt:
        workbook.write(path, feedback, None, excerpts, lists)
        return
    # The words are chosen here, by the process that knows the catalogue of problems that counts.
    findings = [replace(finding, message=finding.said, wording_id=None) for finding in feedback.findings]
    job = pickle.dumps((path, replace(feedback, findings=findings), original, excerpts, lists))
    try:
        subprocess.run(
            [sys.executable, "-P", "-m", __name__],
            input=job, env=ENVIRONMENT, cwd="/", capture_output=True, check=True, timeout=2 * TIME,
        )  # fmt: skip
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or b"").decode(errors="replace").strip().rpartition("\n")[2]
        logger.warning("the file cannot be copied, so the feedback has excerpts only: %s %s", error, said)
        workbook.write(path, feedback, None, excerpts, lists)


def main() -> None:
    """Does the job on standard input."""
    keep_limits()
    allow_time()
    # The job comes from the process that started this one, never from a file.
    workbook.write(*pickle.loads(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
