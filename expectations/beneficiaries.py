"""Gate 1: presents, attendance at occasions, support, and the money for them."""

from expectations.rule import UNKNOWN_KEY, Rule, failing_lines, key_of, number_vi, subsets_above_whole, threshold

# The turns that an amount was spent on: blank and zero say nothing, so the next best count is taken.
TURNS = "coalesce(nullif(facts.support_turns, 0), nullif(facts.children, 0), nullif(facts.attendances, 0))"
VND_PER_TURN = f"(facts.amount_vnd / {TURNS})"
IS_GIFT = f"facts.support_type_key in ({UNKNOWN_KEY}, {key_of('gift')})"
IS_HEALTH_CARE = f"facts.support_type_key = {key_of('health_care')}"
AMOUNT = f"{number_vi('facts.amount_vnd')} || ' đồng'"
SHOWN = f"{AMOUNT} || ' / ' || {TURNS} || ' lượt'"

# The list of funding instruments that models use now.
CODES = "(select load_id from ops.counting_reference_loads where form = 'codes')"


def _outside(least: str, most: str) -> str:
    return f"{VND_PER_TURN} not between {threshold(least)} and {threshold(most)}"


ATTENDANCES, SUPPORT_TURNS, CHILDREN, AMOUNT_VND = (
    f"sum(facts.{measure})" for measure in ("attendances", "support_turns", "children", "amount_vnd")
)

RULES = (
    Rule(
        name="beneficiaries_subset_above_whole",
        gate="loads",
        severity="critical",
        hurts='More children are given presents than attend: "trong đó" would exceed the figure that it is part of.',
        message_vi='Dòng "trong đó" lớn hơn dòng tổng cùng địa bàn và dịp',
        query=subsets_above_whole(
            "beneficiaries",
            whole_keys=["area_key", "occasion_key"],
            kinds=["support_type_key", "funding_instrument_key", "special_circumstance_key"],
            compared={
                ATTENDANCES: f"coalesce({ATTENDANCES}, 0)",
                SUPPORT_TURNS: f"coalesce({SUPPORT_TURNS}, {ATTENDANCES}, 0)",
                CHILDREN: f"coalesce({CHILDREN}, {SUPPORT_TURNS}, {ATTENDANCES}, 0)",
                # Money for some of those who attend is money of the part only.
                AMOUNT_VND: AMOUNT_VND,
            },
        ),
    ),
    Rule(
        name="amount_without_children",
        gate="loads",
        severity="warning",
        hurts="Money is reported that nobody got, or help whose children are not counted.",
        message_vi="Có số tiền mà không có lượt trẻ hoặc số trẻ",
        query=failing_lines("beneficiaries", f"facts.amount_vnd > 0 and {TURNS} is null", AMOUNT),
    ),
    Rule(
        name="vnd_per_turn_unusual",
        gate="loads",
        severity="warning",
        hurts="The money of the annual report is out of proportion to the children helped.",
        message_vi="Số tiền bình quân mỗi lượt khác thường",
        query=failing_lines(
            "beneficiaries",
            f"""
            facts.amount_vnd > 0 and case
                when {IS_GIFT} then {_outside("vnd_per_gift_least", "vnd_per_gift_most")}
                when {IS_HEALTH_CARE} then {_outside("vnd_per_support_least", "vnd_per_health_care_most")}
                else {_outside("vnd_per_support_least", "vnd_per_support_most")}
            end
            """,
            SHOWN,
        ),
    ),
    Rule(
        name="vnd_per_turn_impossible",
        gate="loads",
        severity="critical",
        hurts="Money in the wrong unit: one line is a thousand times the year's budget, or a thousandth of the cost.",
        message_vi="Số tiền bình quân mỗi lượt không thể có; kiểm tra đơn vị tính (đồng)",
        query=failing_lines(
            "beneficiaries",
            f"""
            facts.amount_vnd > 0 and case
                when {IS_GIFT} then {_outside("vnd_per_turn_impossible_below", "vnd_per_gift_impossible_above")}
                else {_outside("vnd_per_turn_impossible_below", "vnd_per_support_impossible_above")}
            end
            """,
            SHOWN,
        ),
    ),
    Rule(
        name="funding_instrument_not_valid",
        gate="loads",
        severity="critical",
        hurts="Spending is reported under a resolution that did not exist or had expired.",
        message_vi="Nghị quyết không có hiệu lực trong kỳ báo cáo",
        query=failing_lines(
            "beneficiaries",
            f"""
            facts.funding_instrument_key in (
                select instruments.funding_instrument_key
                from core.dim_funding_instruments as instruments
                where instruments.load_id = {CODES} and (
                    instruments.valid_from >= facts.period + interval '1 month'
                    or instruments.valid_until <= facts.period
                )
            )
            """,
            f"coalesce({AMOUNT}, 'không ghi số tiền')",
        ),
    ),
)
