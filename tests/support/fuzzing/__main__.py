"""Fuzzes for some minutes and writes each kind of finding into a folder.

    PYTHONPATH=tests .venv/bin/python -m support.fuzzing MINUTES [SEED]

SEED makes the first mutant, the number after it the second. The same seed makes the same mutant again.
"""

import logging
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random, SystemRandom

from mangnon.settings import PROJECT
from support.fuzzing.judge import judged
from support.fuzzing.mutants import mutant

FINDINGS = PROJECT / ".mangnon-test" / "fuzz"
# So many examples of each kind of finding are kept.
MOST_KEPT = 10
# A small file is read in much less, even on a busy machine.
MOST_SECONDS = 10


def main(minutes: float, seed: int) -> int:
    """Tries mutants until the time is over, and prints what became of them. Returns how many findings there were."""
    FINDINGS.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=FINDINGS / "log")
    outcomes: Counter[str] = Counter()
    findings: Counter[str] = Counter()
    slowest = (0.0, seed)
    first, until = seed, time.monotonic() + minutes * 60
    while time.monotonic() < until:
        file = mutant(Random(seed))
        verdict = judged(file)
        if verdict.finding or verdict.seconds > MOST_SECONDS:
            verdict = judged(file)  # once more, in a process that has read no other file
        finding = verdict.finding or ("slow" if verdict.seconds > MOST_SECONDS else None)
        outcomes[verdict.outcome] += 1
        slowest = max(slowest, (verdict.seconds, seed))
        if finding:
            findings[finding] += 1
            if findings[finding] <= MOST_KEPT:
                logging.error("seed %d: %s: %s", seed, file.name, finding)
                (FINDINGS / f"{seed}-{Path(file.name).name}").write_bytes(file.content)
                print(f"seed {seed}: {file.name}: {finding}", flush=True)
        seed += 1
    print(f"{seed - first} mutants, seeds {first} to {seed - 1}: {dict(outcomes)}")
    print(f"slowest: {slowest[0]:.1f} s, seed {slowest[1]}")
    for kind, count in findings.most_common():
        print(f"{count:8} {kind}")
    print(f"{findings.total()} findings" + (f", in {FINDINGS}" if findings else ""))
    return findings.total()


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(bool(main(float(given[0]), int(given[1]) if len(given) > 1 else SystemRandom().randrange(10**9))))
