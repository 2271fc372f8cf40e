"""Gate 1: nothing identifies a child or the person who reported. Cells hold only numbers, codes and days."""

from expectations.rule import Rule

# Telephone numbers and identity cards (twelve digits, first the province's) begin with 0, and amounts never do. So
# dots, spaces and hyphens between digits are removed before the search. Numbers of old identity cards look like
# amounts, so they are found only after the name of the card.
NUMBERS = {
    "số điện thoại": r"(^|[^0-9])([+]84|0)[35789][0-9]{8}([^0-9]|$)",
    "số căn cước": r"(^|[^0-9])0[0-9]{11}([^0-9]|$)",
    "số chứng minh nhân dân": r"(cmnd|cmt|chứng minh)[^0-9]{0,20}[0-9]{9}",
}
EMAIL = r"[a-z0-9._+-]+@[a-z0-9-]+([.][a-z0-9-]+)+"

# Headers of columns about single persons, with and without diacritics.
HEADERS = "|".join(
    (
        "họ (và )?tên", "tên (trẻ|cháu|em|nạn nhân|học sinh|cha|mẹ)", "ho (va )?ten",
        "ten (tre|chau|em|nan nhan|hoc sinh|cha|me)", "cccd", "cmnd", "cmt", "căn cước", "can cuoc",
        "chứng minh (nhân dân|thư)", "chung minh (nhan dan|thu)", "(số|mã) định danh", "(so|ma) dinh danh",
        "điện thoại", "dien thoai", "sđt", "sdt", "e-?mail", "địa chỉ", "dia chi", "nơi (ở|cư trú)",
        "noi (o|cu tru)", "ngày sinh", "ngay sinh", "quê quán", "que quan",
    )
)  # fmt: skip
PERSONAL_HEADER = rf"\m({HEADERS})\M"

REASON = "lower(normalize(coalesce(deliveries.revision_reason, ''), nfc))"
DIGITS_TOGETHER = rf"regexp_replace({REASON}, '([0-9])[ .-]+(?=[0-9])', '\1', 'g')"
FOUND = ", ".join(
    [f"case when {DIGITS_TOGETHER} ~ '{pattern}' then '{name}' end" for name, pattern in NUMBERS.items()]
    + [f"case when {REASON} ~ '{EMAIL}' then 'địa chỉ e-mail' end"]
)

RULES = (
    Rule(
        name="personal_data_in_reason",
        number=24,
        gate="loads",
        severity="critical",
        hurts="The child or the officer whose number it is: the reason is shown beside every figure that changed.",
        message_vi="“Lý do gửi lại” trên bìa có thông tin riêng của cá nhân",
        mend_vi="Chỉ ghi lý do về số liệu, không ghi số điện thoại, số căn cước, e-mail hay tên người; rồi gửi lại.",
        # The verdict names the kind of number that was found, and never repeats the number.
        query=f"""
            select load_id, 1 as observed, detail
            from (
                select judged_loads.load_id, concat_ws(', ', {FOUND}) as detail
                from judged_loads
                inner join ops.loads as loads on judged_loads.load_id = loads.load_id
                inner join ops.deliveries as deliveries on loads.delivery_id = deliveries.delivery_id
            ) as reasons
            where detail <> ''
        """,
    ),
    Rule(
        name="personal_data_column",
        number=24,
        gate="loads",
        severity="critical",
        hurts="Children: the archive keeps the file with their names for good, though no one reads the column.",
        message_vi="Biểu có cột về thông tin riêng của cá nhân",
        mend_vi="Hãy xoá các cột này khỏi tệp; hệ thống chỉ nhận số liệu tổng hợp. Rồi gửi lại.",
        query=rf"""
            select
                judged_loads.load_id,
                count(*) as observed,
                string_agg(coalesce('ô ' || problems.cell, 'tiêu đề cột'), ', ' order by problems.problem_number)
                as detail
            from judged_loads
            inner join raw.problems as problems on judged_loads.load_id = problems.load_id
            where problems.rule = 'column_ignored'
                and lower(normalize(problems.value, nfc)) ~ '{PERSONAL_HEADER}'
            group by judged_loads.load_id
        """,
    ),
)
