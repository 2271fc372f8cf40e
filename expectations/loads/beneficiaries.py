"""Gate 1: presents, attendance at occasions, support, and the money for them."""

from expectations.loads.lines import failing_lines, subsets_above_whole
from expectations.rule import CODES, Rule, number_vi, threshold
from mangnon.vietnamese import number

# The turns that an amount paid for. Blank and zero tell nothing, so the next best count stands in for them.
TURNS = "coalesce(nullif(facts.support_turns, 0), nullif(facts.children, 0), nullif(facts.attendances, 0))"
VND_PER_TURN = f"(facts.amount_vnd / {TURNS})"
IS_GIFT = "facts.support_type in ('not_applicable', 'gift')"
IS_HEALTH_CARE = "facts.support_type = 'health_care'"
AMOUNT = f"{number_vi('facts.amount_vnd')} || ' đồng'"
SHOWN = f"{AMOUNT} || ' / ' || {TURNS} || ' lượt'"


def _outside(least: str, most: str) -> str:
    return f"{VND_PER_TURN} not between {threshold(least)} and {threshold(most)}"


def _vnd(name: str) -> str:
    return number(threshold(name))


ATTENDANCES, SUPPORT_TURNS, CHILDREN, AMOUNT_VND = (
    f"sum(facts.{measure})" for measure in ("attendances", "support_turns", "children", "amount_vnd")
)

RULES = (
    Rule(
        name="beneficiaries_subset_above_whole",
        number=11,
        gate="loads",
        severity="critical",
        hurts='Readers of the report: more children got presents than attended; a part ("trong đó") exceeds its whole.',
        message_vi='Dòng "trong đó" lớn hơn dòng tổng cùng địa bàn và dịp',
        mend_vi='Dòng "trong đó" không được lớn hơn dòng tổng: hãy sửa số, hoặc thêm dòng tổng còn thiếu.',
        **subsets_above_whole(
            "beneficiaries",
            whole_keys=["area_version", "occasion"],
            kinds=["support_type", "funding_instrument", "special_circumstance"],
            compared={
                "attendances": (ATTENDANCES, f"coalesce({ATTENDANCES}, 0)"),
                "support_turns": (SUPPORT_TURNS, f"coalesce({SUPPORT_TURNS}, {ATTENDANCES}, 0)"),
                "children": (CHILDREN, f"coalesce({CHILDREN}, {SUPPORT_TURNS}, {ATTENDANCES}, 0)"),
                # An occasion may give money to some attendants only, so the whole needs no money of its own.
                "amount_vnd": (AMOUNT_VND, AMOUNT_VND),
            },
        ),
    ),
    Rule(
        name="amount_without_children",
        number=14,
        gate="loads",
        severity="warning",
        hurts="Children who were helped but are not counted; or the provincial officer, if nobody got the money.",
        message_vi="Có số tiền mà không có lượt trẻ hoặc số trẻ",
        mend_vi="Hãy ghi số lượt trẻ được hỗ trợ, hoặc xoá số tiền nếu không chi.",
        **failing_lines(
            "beneficiaries", f"facts.amount_vnd > 0 and {TURNS} is null", AMOUNT, fields=["support_turns", "amount_vnd"]
        ),
    ),
    Rule(
        name="support_without_amount",
        number=14,
        gate="loads",
        severity="warning",
        hurts="The provincial officer: the money spent under the resolutions is reported too low.",
        message_vi="Có lượt hỗ trợ theo nghị quyết mà không có số tiền",
        mend_vi="Hãy ghi số tiền (đồng) đã chi theo nghị quyết.",
        **failing_lines(
            "beneficiaries",
            """
            facts.funding_instrument <> 'not_applicable' and not facts.is_subset
            and facts.support_turns > 0 and coalesce(facts.amount_vnd, 0) = 0
            """,
            "facts.support_turns || ' lượt'",
            fields=["amount_vnd"],
        ),
    ),
    Rule(
        name="vnd_per_turn_unusual",
        number=14,
        gate="loads",
        severity="warning",
        hurts="The provincial officer: the money of the annual report is out of proportion to the children helped.",
        message_vi="Số tiền bình quân mỗi lượt khác thường",
        mend_vi=(
            f"Thường một lượt tặng quà là {_vnd('vnd_per_gift_least')}-{_vnd('vnd_per_gift_most')} đồng, một lượt "
            f"hỗ trợ là {_vnd('vnd_per_support_least')}-{_vnd('vnd_per_support_most')} đồng (chăm sóc sức khỏe đến "
            f"{_vnd('vnd_per_health_care_most')} đồng): hãy kiểm tra số tiền, đơn vị tính và số lượt."
        ),
        **failing_lines(
            "beneficiaries",
            f"""
            facts.amount_vnd > 0 and case
                when {IS_GIFT} then {_outside("vnd_per_gift_least", "vnd_per_gift_most")}
                when {IS_HEALTH_CARE} then {_outside("vnd_per_support_least", "vnd_per_health_care_most")}
                else {_outside("vnd_per_support_least", "vnd_per_support_most")}
            end
            """,
            SHOWN,
            fields=["amount_vnd"],
        ),
    ),
    Rule(
        name="vnd_per_turn_impossible",
        number=14,
        gate="loads",
        severity="critical",
        hurts="The provincial officer: one line in the wrong unit can exceed the year's budget a thousand times.",
        message_vi="Số tiền bình quân mỗi lượt không thể có; kiểm tra đơn vị tính (đồng)",
        mend_vi="Hãy ghi số tiền bằng đồng, hoặc ghi rõ đơn vị (nghìn đồng, triệu đồng) ở tiêu đề cột hay trong ô.",
        **failing_lines(
            "beneficiaries",
            f"""
            facts.amount_vnd > 0 and case
                when {IS_GIFT} then {_outside("vnd_per_turn_impossible_below", "vnd_per_gift_impossible_above")}
                else {_outside("vnd_per_turn_impossible_below", "vnd_per_support_impossible_above")}
            end
            """,
            SHOWN,
            fields=["amount_vnd"],
        ),
    ),
    Rule(
        name="funding_instrument_not_valid",
        number=20,
        gate="loads",
        severity="critical",
        hurts="The provincial officer: spending is reported under a resolution that did not exist or had expired.",
        message_vi="Nghị quyết không có hiệu lực trong kỳ báo cáo",
        mend_vi="Hãy chọn nghị quyết còn hiệu lực trong kỳ, hoặc để trống nếu không theo nghị quyết nào.",
        **failing_lines(
            "beneficiaries",
            f"""
            facts.funding_instrument in (
                select instruments.funding_instrument
                from core.dim_funding_instruments as instruments
                where instruments.load_id = {CODES} and (
                    instruments.valid_from >= facts.period + interval '1 month'
                    or instruments.valid_until <= facts.period
                )
            )
            """,
            f"coalesce({AMOUNT}, 'không ghi số tiền')",
            fields=["funding_instrument"],
        ),
    ),
)
