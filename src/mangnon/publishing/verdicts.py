"""The records of a gate: verdicts, the cells that they point at, and the refused loads."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from structlog.contextvars import bound_contextvars

from expectations.rule import Rule
from mangnon.warehouse import Connection

logger = logging.getLogger(__name__)

SEVERITIES = ("info", "warning", "critical")
# A verdict marks no more cells than this, so that a form of a million bad lines stays readable.
CELLS_MARKED = 1000

# Sheet, row, field and what is wrong there.
Cell = tuple[str | None, int, str, str]


@dataclass(frozen=True)
class Breach:
    """A load, or a whole release when `load_id` is None, that does not meet a rule."""

    rule: Rule
    load_id: int | None
    observed: str
    detail: str  # what the rule's query found
    message: str
    cells: list[Cell] = field(default_factory=list)


@dataclass(frozen=True)
class Judgement:
    """The result of a gate, before anything is written."""

    rules: list[Rule]
    breaches: list[Breach]
    judged: Mapping[int, int | None]  # the loads that it may refuse, with their batches at gate 1

    @property
    def worst(self) -> str | None:
        """The gravest severity that anything failed with."""
        return max((breach.rule.severity for breach in self.breaches), key=SEVERITIES.index, default=None)

    @property
    def reasons(self) -> list[str]:
        """The messages of the broken critical rules, in Vietnamese."""
        return [breach.message for breach in self.breaches if breach.rule.severity == "critical"]


def with_cells(connection: Connection, breaches: list[Breach], judged: str) -> list[Breach]:
    """The breaches, each with the cells that its rule points at; the message says where they are cut."""
    cells = {rule.name: _cells(connection, rule, judged) for rule in {breach.rule for breach in breaches} if rule.cells}
    marked = []
    for breach in breaches:
        found, cells_of_load = cells.get(breach.rule.name, {}).get(breach.load_id, (0, []))
        is_cut = f" (Chỉ đánh dấu {CELLS_MARKED} ô đầu trong {found} ô.)" if found > CELLS_MARKED else ""
        marked.append(replace(breach, message=breach.message + is_cut, cells=cells_of_load))
    return marked


def _cells(connection: Connection, rule: Rule, judged: str) -> dict[int | None, tuple[int, list[Cell]]]:
    """Returns by load the number of cells that the rule points at, and the first of them."""
    rows = connection.execute(
        f"""
        with judged_loads as ({judged}),

        cells as (
            select distinct on (load_id, sheet_name, row_number, field) load_id, sheet_name, row_number, field, shown
            from ({rule.cells}) as pointed_at
            order by load_id, sheet_name, row_number, field
        ),

        numbered as (
            select
                *,
                row_number() over (partition by load_id order by row_number, field) as number,
                count(*) over (partition by load_id) as found
            from cells
        )

        select load_id, found, sheet_name, row_number, field, shown
        from numbered
        where number <= {CELLS_MARKED}
        order by load_id, number
        """.encode()
    )
    cells: dict[int | None, tuple[int, list[Cell]]] = {}
    for load_id, found, sheet_name, row_number, name, shown in rows:
        message = f"{rule.message_vi}: {shown}. {rule.mend_vi}"
        cells.setdefault(load_id, (found, []))[1].append((sheet_name, row_number, name, message))
    return cells


def write_of_loads(connection: Connection, judgement: Judgement) -> list[int]:
    """Replaces the verdicts of gate 1 on these loads, and refuses what is critical; the ids of the refused loads.

    What the gate had refused before is judged as it was.
    """
    if not judgement.judged:
        return []
    batches = sorted(set(filter(None, judgement.judged.values())))
    connection.execute("delete from ops.verdicts where gate = 'loads' and batch_id = any(%s)", [batches])
    connection.execute(
        "update ops.loads set state = 'modelled', state_reason = null where load_id = any(%s)", [list(judgement.judged)]
    )
    for batch_id in batches:
        loads = {load_id for load_id, batch in judgement.judged.items() if batch == batch_id}
        of_batch = [breach for breach in judgement.breaches if breach.load_id in loads]
        _write(connection, "loads", judgement.rules, of_batch, batch_id=batch_id)
    return _refuse(connection, judgement)


def write_of_release(connection: Connection, release_id: int, judgement: Judgement) -> list[int]:
    """Replaces the verdicts of gate 2 on a candidate, and refuses the new loads that critical rules name; their ids.

    The caller builds the candidate again without the refused loads, or refuses it.
    """
    connection.execute("delete from ops.verdicts where gate = 'release' and release_id = %s", [release_id])
    _write(connection, "release", judgement.rules, judgement.breaches, release_id=release_id)
    return _refuse(connection, judgement)


def _write(
    connection: Connection,
    gate: str,
    rules: Iterable[Rule],
    breaches: list[Breach],
    batch_id: int | None = None,
    release_id: int | None = None,
) -> None:
    """One verdict per rule that everything meets, and one per breach."""
    failed = {breach.rule.name for breach in breaches}
    met = [
        (None, rule.name, rule.severity, rule.holds_release, True, None, None, rule.message_vi)
        for rule in rules
        if rule.name not in failed
    ]
    unmet = [
        (
            breach.load_id, breach.rule.name, breach.rule.severity, breach.rule.holds_release, False,
            breach.observed, breach.detail, breach.message,
        )
        for breach in breaches
    ]  # fmt: skip
    cursor = connection.cursor()
    cursor.executemany(
        """
        insert into ops.verdicts (
            gate, batch_id, release_id, load_id, expectation, severity, holds_release, is_met, observed, detail, message
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        returning verdict_id
        """,
        [(gate, batch_id, release_id, *verdict) for verdict in unmet + met],
        returning=True,
    )
    for breach, inserted in zip(breaches, cursor.results(), strict=False):
        (verdict_id,) = inserted.fetchone() or (None,)
        cells = [(verdict_id, *cell) for cell in breach.cells]
        connection.cursor().executemany(
            """
            insert into ops.verdict_cells (verdict_id, sheet_name, row_number, field, message)
            values (%s, %s, %s, %s, %s)
            """,
            cells,
        )


def _refuse(connection: Connection, judgement: Judgement) -> list[int]:
    """Refuses the loads that critical breaches name; the reasons are for their reporters."""
    reasons, refusable = defaultdict(list), set(judgement.judged)
    for breach in judgement.breaches:
        if breach.rule.severity == "critical" and breach.load_id in refusable:
            reasons[breach.load_id].append(breach.message)
    connection.cursor().executemany(
        "update ops.loads set state = 'refused', state_reason = %s where load_id = %s",
        [(" ".join(messages), load_id) for load_id, messages in reasons.items()],
    )
    for load_id, messages in reasons.items():
        with bound_contextvars(load=load_id):
            logger.info("refused: %s", " ".join(messages))
    return sorted(reasons)
