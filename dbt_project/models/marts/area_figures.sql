-- A year that did not change is shared with the release that computed it.
select
    years.release_id,
    figures.figure,
    figures.area_version,
    figures.area_code,
    figures.area_name,
    figures.area_level,
    figures.borders,
    figures.year,
    figures.cut,
    figures.cut_number,
    figures.from_period,
    figures.to_period,
    figures.value,
    figures.qualifier,
    figures.numerator,
    figures.denominator,
    figures.rate,
    figures.rate_low,
    figures.rate_high,
    figures.expected_units,
    figures.reporting_units,
    figures.is_complete,
    figures.is_whole,
    figures.is_estimated,
    figures.is_synthetic
from {{ ref('computed_area_figure_years') }} as years
inner join {{ ref('computed_area_figures') }} as figures
    on years.year = figures.year and years.computed_in = figures.computed_in
where years.release_id = (select ops.chosen_release())
