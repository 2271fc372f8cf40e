{#- Made from the forms by `python -m mangnon.contract.page`: do not edit. -#}

{% macro submission_forms() %}
    {#- Form → the columns that figures filter and count its lines by, and its measures. -#}
    {% do return({
        'events': {'attributes': ['event_type', 'programme'], 'measures': ['event_count', 'attendances', 'child_attendances', 'caregiver_attendances', 'official_attendances', 'collaborator_attendances', 'delegations']},
        'beneficiaries': {'attributes': ['occasion', 'funding_instrument', 'special_circumstance', 'support_type', 'is_subset'], 'measures': ['attendances', 'support_turns', 'children', 'amount_vnd']},
        'incidents': {'attributes': ['incident_class', 'is_subset'], 'measures': ['cases', 'victims', 'deaths', 'handled_cases']},
        'programme_sites': {'attributes': ['programme'], 'measures': ['site_count', 'member_count']},
        'child_population': {'attributes': ['special_circumstance', 'is_subset'], 'measures': ['children', 'children_supported']},
    }) %}
{% endmacro %}

{% macro empty_members() %}
    {#- Form → its fields with codes that may be empty, and what a line without a code speaks of. -#}
    {% do return({
        'events': {'programme': {'empty': 'not_applicable', 'only_for': {}}},
        'beneficiaries': {'occasion': {'empty': 'not_applicable', 'only_for': {}}, 'support_type': {'empty': 'not_applicable', 'only_for': {}}, 'funding_instrument': {'empty': 'not_applicable', 'only_for': {}}, 'special_circumstance': {'empty': 'total', 'only_for': {}}, 'sex': {'empty': 'total', 'only_for': {}}, 'age_band': {'empty': 'total', 'only_for': {}}},
        'incidents': {'abuse_type': {'empty': 'total', 'only_for': {'incident_class': 'abuse'}}, 'injury_cause': {'empty': 'total', 'only_for': {'incident_class': 'injury'}}, 'sex': {'empty': 'total', 'only_for': {}}, 'age_band': {'empty': 'total', 'only_for': {}}},
        'programme_sites': {},
        'child_population': {'sex': {'empty': 'total', 'only_for': {}}, 'age_band': {'empty': 'total', 'only_for': {}}},
    }) %}
{% endmacro %}

{% macro wholes() %}
    {#- Form with lines "trong đó" → the fields, beside the area, in which such a line agrees with its whole. -#}
    {% do return({
        'beneficiaries': ['occasion'],
        'incidents': ['incident_class'],
        'child_population': ['special_circumstance'],
    }) %}
{% endmacro %}

{% macro divisions() %}
    {#- Form with lines "trong đó" → the fields that divide a whole, and their titles. -#}
    {% do return({
        'beneficiaries': {'support_type': 'Loại hỗ trợ', 'funding_instrument': 'Nguồn, nghị quyết', 'special_circumstance': 'Nhóm trẻ em', 'sex': 'Giới tính', 'age_band': 'Nhóm tuổi'},
        'incidents': {'abuse_type': 'Hình thức xâm hại', 'injury_cause': 'Nguyên nhân thương tích', 'sex': 'Giới tính', 'age_band': 'Nhóm tuổi'},
        'child_population': {'sex': 'Giới tính', 'age_band': 'Nhóm tuổi'},
    }) %}
{% endmacro %}

{% macro code_labels() %}
    {#- Column with codes → code → Vietnamese label. -#}
    {% do return({
        'area_type': {'province': 'tỉnh', 'city': 'thành phố', 'town': 'thị xã', 'district': 'huyện', 'ward': 'phường', 'commune': 'xã', 'township': 'thị trấn', 'special_zone': 'đặc khu', 'unknown': 'không rõ'},
        'method': {'exact': 'Chính xác', 'estimated': 'Ước tính'},
        'reporter_kind': {'district': 'cấp huyện', 'commune': 'cấp xã', 'provincial_body': 'cấp tỉnh', 'unknown': 'không rõ'},
        'aggregation': {'sum': 'Tổng', 'count_distinct': 'Đếm số loại', 'percent': 'Tỷ lệ phần trăm', 'change': 'So với năm trước'},
        'distinct_of': {'area': 'địa bàn', 'programme': 'mô hình', 'funding_instrument': 'nghị quyết', 'support_type': 'loại hỗ trợ'},
        'qualifier': {'eq': 'đúng', 'gte': 'trên', 'approx': 'khoảng'},
        'incident_class': {'abuse': 'xâm hại trẻ em', 'injury': 'tai nạn thương tích'},
        'form': {'areas': 'Areas', 'successions': 'Successions', 'reporters': 'Reporters', 'codes': 'Codes', 'figures': 'Figures', 'events': 'Hoạt động', 'beneficiaries': 'Đối tượng thụ hưởng', 'incidents': 'Vụ việc', 'programme_sites': 'Mô hình', 'child_population': 'Trẻ em', 'all': 'Tất cả biểu', 'unknown': 'Không rõ biểu'},
        'area_level': {'province': 'cấp tỉnh', 'district': 'cấp huyện', 'commune': 'cấp xã', 'unknown': 'không rõ'},
        'cut': {'month': 'Tháng', 'quarter': 'Quý', 'half_year': '6 tháng', 'nine_months': '9 tháng', 'year_to_date': 'Từ đầu năm', 'year': 'Năm'},
        'status': {'reported': 'Có vụ việc', 'silent': 'Im lặng', 'unknown': 'Chưa đủ báo cáo'},
        'gate': {'reading': 'Đọc tệp', 'loads': 'Cổng 1 - từng báo cáo', 'release': 'Cổng 2 - cả bản công bố'},
        'severity': {'critical': 'Lỗi', 'warning': 'Cảnh báo', 'info': 'Thông tin'},
        'borders': {'period': 'Địa giới của kỳ báo cáo', 'today': 'Địa giới hiện nay'},
    }) %}
{% endmacro %}

{% macro snapshot_forms() %}
    {#- Forms that are snapshots: only the last month of a cut counts. -#}
    {% do return(['programme_sites', 'child_population']) %}
{% endmacro %}

{% macro figure_filters() %}
    {#- Columns of the form `figures` that filter lines; an empty one matches every line. -#}
    {% do return(['event_type', 'programme', 'programme_kind', 'occasion', 'funding_kind', 'special_circumstance', 'incident_class']) %}
{% endmacro %}

{% macro figure_members() %}
    {#- Columns of lines whose distinct members figures can count. -#}
    {% do return(['area', 'programme', 'funding_instrument', 'support_type']) %}
{% endmacro %}

{% macro figure_attributes() %}
    {#- Columns of lines that figures filter by or count the members of. -#}
    {% do return(['event_type', 'programme', 'occasion', 'funding_instrument', 'special_circumstance', 'incident_class', 'support_type']) %}
{% endmacro %}

{% macro figure_kinds() %}
    {#- Filters by a kind of code → the column of lines, and the dimension with the kind. -#}
    {% do return({
        'programme_kind': {'attribute': 'programme', 'dimension': 'dim_programmes'},
        'funding_kind': {'attribute': 'funding_instrument', 'dimension': 'dim_funding_instruments'},
    }) %}
{% endmacro %}

{% macro incident_classes() %}
    {#- Classes of incidents; a reporter can be silent about each. -#}
    {% do return(['abuse', 'injury']) %}
{% endmacro %}
