-- The star in words that people read: codes instead of hashes of codes, three members where one was unknown, hierarchies of
-- areas. A warehouse without tables in the core gets these from dbt. What this leaves unused, the deployment drops.

do $$
declare
    part record;
begin
    if to_regclass('core.fct_events') is null then
        return;
    end if;

    -- Dimensions: label and place in lists are called after their code.
    for part in
        select * from (
            values
            ('event_types', 'event_type'), ('programmes', 'programme'), ('occasions', 'occasion'),
            ('support_types', 'support_type'), ('funding_instruments', 'funding_instrument'),
            ('special_circumstances', 'special_circumstance'), ('abuse_types', 'abuse_type'),
            ('injury_causes', 'injury_cause'), ('age_bands', 'age_band'), ('sexes', 'sex')
        ) as dimensions (plural, code)
    loop
        execute format(
            $sql$
            alter table core.dim_%1$s rename column label to %2$s_label;
            alter table core.dim_%1$s rename column sort_order to %2$s_sort_order;
            alter table core.dim_%1$s alter column %2$s_key drop not null;
            update core.dim_%1$s set %2$s_label = 'Không rõ' where %2$s = 'unknown';
            insert into core.dim_%1$s (load_id, %2$s, %2$s_label, %2$s_sort_order)
            select dim.load_id, members.code, members.label, members.sort_order
            from core.dim_%1$s as dim
            cross join (
                values ('total', 'Tổng số', 999997), ('not_applicable', 'Không áp dụng', 999998)
            ) as members (code, label, sort_order)
            where dim.%2$s = 'unknown';
            analyze core.dim_%1$s;
            $sql$,
            part.plural, part.code
        );
    end loop;

    alter table core.dim_areas rename column name to area_name;
    alter table core.dim_areas rename column sort_order to area_sort_order;
    alter table core.dim_areas
    add column area_version text,
    add column area_short_name text,
    add column area_level text,
    add column district_code text,
    add column district_name text,
    add column province_code text,
    add column province_name text,
    add column is_current boolean;
    update core.dim_areas
    set
        area_version = area_code || '@' || to_char(valid_from, 'YYYY-MM-DD'),
        area_name = case area_code when 'unknown' then 'Không rõ' else area_name end,
        area_short_name = case
            when area_code = 'unknown' then 'Không rõ'
            else regexp_replace(area_name, '^(Tỉnh|Thành phố|Thị xã|Huyện|Phường|Xã|Thị trấn|Đặc khu) ', '')
        end,
        area_level = case
            when area_type in ('city', 'town', 'district') then 'district'
            when area_type in ('ward', 'commune', 'township', 'special_zone') then 'commune'
            else area_type
        end,
        is_current = valid_until is null and area_code <> 'unknown';
    update core.dim_areas as areas
    set
        district_code = coalesce(lineage.district_code, case areas.area_level when 'district' then areas.area_code end),
        district_name = coalesce(lineage.district_name, case areas.area_level when 'district' then areas.area_name end),
        province_code = coalesce(lineage.province_code, case areas.area_level when 'province' then areas.area_code end),
        province_name = coalesce(lineage.province_name, case areas.area_level when 'province' then areas.area_name end)
    from (
        select
            parts.load_id,
            parts.area_version,
            max(parents.area_code) filter (where parents.area_level = 'district') as district_code,
            max(parents.area_name) filter (where parents.area_level = 'district') as district_name,
            max(
                case parents.area_level when 'province' then parents.area_code else grandparents.area_code end
            ) as province_code,
            max(
                case parents.area_level when 'province' then parents.area_name else grandparents.area_name end
            ) as province_name
        from core.dim_areas as parts
        left join core.dim_areas as parents
            on
                parts.load_id = parents.load_id
                and parts.parent_code = parents.area_code
                and parts.valid_from >= parents.valid_from
                and (parts.valid_from < parents.valid_until or parents.valid_until is null)
        left join core.dim_areas as grandparents
            on
                parents.load_id = grandparents.load_id
                and parents.parent_code = grandparents.area_code
                and parents.valid_from >= grandparents.valid_from
                and (parents.valid_from < grandparents.valid_until or grandparents.valid_until is null)
        group by parts.load_id, parts.area_version
    ) as lineage
    where areas.load_id = lineage.load_id and areas.area_version = lineage.area_version;
    alter table core.dim_areas
    alter column area_key drop not null,
    alter column area_version set not null,
    alter column area_short_name set not null,
    alter column area_level set not null,
    alter column is_current set not null;
    analyze core.dim_areas;

    alter table core.dim_reporters rename column name to reporter_name;
    alter table core.dim_reporters rename column sort_order to reporter_sort_order;
    alter table core.dim_reporters alter column reporter_key drop not null;
    update core.dim_reporters set reporter_name = 'Không rõ' where reporter_code = 'unknown';
    analyze core.dim_reporters;

    alter table core.dim_figures rename column label to figure_label;
    alter table core.dim_figures rename column sort_order to figure_sort_order;
    alter table core.dim_figures alter column figure_key drop not null;
    analyze core.dim_figures;

    -- Which version of an area a hash meant.
    create temporary table versions on commit drop as
    select distinct
        area_key,
        area_version
    from core.dim_areas;

    alter table core.bridge_area_successions rename to bridge_successions;
    alter table core.bridge_successions
    drop constraint bridge_area_successions_pkey,
    add column from_area_version text,
    add column to_area_version text;
    update core.bridge_successions as successions
    set from_area_version = old_versions.area_version, to_area_version = new_versions.area_version
    from versions as old_versions, versions as new_versions
    where successions.from_area_key = old_versions.area_key and successions.to_area_key = new_versions.area_key;
    alter table core.bridge_successions
    alter column from_area_key drop not null,
    alter column to_area_key drop not null,
    add primary key (load_id, from_area_version, to_area_version);
    analyze core.bridge_successions;

    if to_regclass('core.computed_area_borders') is not null then
        alter table core.computed_area_borders rename to computed_borders;
        alter table core.computed_borders
        drop constraint computed_area_borders_pkey,
        add column area_version text,
        add column in_area_version text;
        update core.computed_borders as borders
        set area_version = own.area_version, in_area_version = others.area_version
        from versions as own, versions as others
        where borders.area_key = own.area_key and borders.in_area_key = others.area_key;
        alter table core.computed_borders
        alter column area_key drop not null,
        alter column in_area_key drop not null,
        add primary key (release_id, area_version, borders_on, in_area_version);
        analyze core.computed_borders;
    end if;

    -- Facts: the codes are those of the lines in raw.
    alter table core.fct_events
    add column reporter_code text,
    add column area_version text,
    add column event_type text,
    add column programme text;
    update core.fct_events as facts
    set
        reporter_code = loads.reporter_code,
        area_version = versions.area_version,
        event_type = lines.event_type,
        programme = coalesce(lines.programme, 'not_applicable')
    from raw.events as lines, ops.loads, versions
    where
        facts.load_id = lines.load_id
        and facts.line = lines.line
        and facts.load_id = loads.load_id
        and facts.area_key = versions.area_key;

    alter table core.fct_beneficiaries
    add column reporter_code text,
    add column area_version text,
    add column occasion text,
    add column support_type text,
    add column funding_instrument text,
    add column special_circumstance text,
    add column sex text,
    add column age_band text,
    add column total_attendances bigint,
    add column total_support_turns bigint,
    add column total_children bigint,
    add column total_amount_vnd bigint;
    update core.fct_beneficiaries as facts
    set
        reporter_code = loads.reporter_code,
        area_version = versions.area_version,
        occasion = coalesce(lines.occasion, 'not_applicable'),
        support_type = coalesce(lines.support_type, 'not_applicable'),
        funding_instrument = coalesce(lines.funding_instrument, 'not_applicable'),
        special_circumstance = coalesce(lines.special_circumstance, 'total'),
        sex = coalesce(lines.sex, 'total'),
        age_band = coalesce(lines.age_band, 'total'),
        total_attendances = totals.attendances,
        total_support_turns = totals.support_turns,
        total_children = totals.children,
        total_amount_vnd = totals.amount_vnd
    from raw.beneficiaries as lines, ops.loads, versions, (
        select
            load_id,
            line,
            case
                when not is_part then attendances
                when bool_or(not is_part and attendances is not null) over of_whole then null
                when division = min(division) filter (where is_part and attendances is not null) over of_whole
                    then attendances
            end as attendances,
            case
                when not is_part then support_turns
                when bool_or(not is_part and support_turns is not null) over of_whole then null
                when division = min(division) filter (where is_part and support_turns is not null) over of_whole
                    then support_turns
            end as support_turns,
            case
                when not is_part then children
                when bool_or(not is_part and children is not null) over of_whole then null
                when division = min(division) filter (where is_part and children is not null) over of_whole
                    then children
            end as children,
            case
                when not is_part then amount_vnd
                when bool_or(not is_part and amount_vnd is not null) over of_whole then null
                when division = min(division) filter (where is_part and amount_vnd is not null) over of_whole
                    then amount_vnd
            end as amount_vnd
        from (
            select
                *,
                coalesce(is_subset, false) as is_part,
                case
                    when sex is null and age_band is null then 1
                    when age_band is null then 2
                    when sex is not null then 3
                    else 4
                end as division
            from raw.beneficiaries
        ) as divided
        window of_whole as (partition by load_id, area, occasion)
    ) as totals
    where
        facts.load_id = lines.load_id
        and facts.line = lines.line
        and facts.load_id = totals.load_id
        and facts.line = totals.line
        and facts.load_id = loads.load_id
        and facts.area_key = versions.area_key;

    alter table core.fct_incidents
    add column reporter_code text,
    add column area_version text,
    add column abuse_type text,
    add column injury_cause text,
    add column sex text,
    add column age_band text;
    update core.fct_incidents as facts
    set
        reporter_code = loads.reporter_code,
        area_version = versions.area_version,
        abuse_type = coalesce(
            lines.abuse_type, case lines.incident_class when 'abuse' then 'total' else 'not_applicable' end
        ),
        injury_cause = coalesce(
            lines.injury_cause, case lines.incident_class when 'injury' then 'total' else 'not_applicable' end
        ),
        sex = coalesce(lines.sex, 'total'),
        age_band = coalesce(lines.age_band, 'total')
    from raw.incidents as lines, ops.loads, versions
    where
        facts.load_id = lines.load_id
        and facts.line = lines.line
        and facts.load_id = loads.load_id
        and facts.area_key = versions.area_key;

    alter table core.fct_programme_sites
    add column reporter_code text,
    add column area_version text,
    add column programme text;
    update core.fct_programme_sites as facts
    set
        reporter_code = loads.reporter_code,
        area_version = versions.area_version,
        programme = lines.programme
    from raw.programme_sites as lines, ops.loads, versions
    where
        facts.load_id = lines.load_id
        and facts.line = lines.line
        and facts.load_id = loads.load_id
        and facts.area_key = versions.area_key;

    alter table core.fct_child_population
    add column reporter_code text,
    add column area_version text,
    add column special_circumstance text,
    add column sex text,
    add column age_band text;
    update core.fct_child_population as facts
    set
        reporter_code = loads.reporter_code,
        area_version = versions.area_version,
        special_circumstance = lines.special_circumstance,
        sex = coalesce(lines.sex, 'total'),
        age_band = coalesce(lines.age_band, 'total')
    from raw.child_population as lines, ops.loads, versions
    where
        facts.load_id = lines.load_id
        and facts.line = lines.line
        and facts.load_id = loads.load_id
        and facts.area_key = versions.area_key;

    for part in
        select
            relations.oid::regclass as fact,
            string_agg(
                format(
                    'alter column %I %s not null', columns.attname,
                    case when columns.attname like '%\_key' then 'drop' else 'set' end
                ), ', '
            ) as changes
        from pg_class as relations
        inner join pg_attribute as columns on relations.oid = columns.attrelid
        where
            relations.relnamespace = 'core'::regnamespace
            and relations.relkind = 'r'
            and relations.relname like 'fct\_%'
            and not columns.attisdropped
            and (
                columns.attname like '%\_key'
                or columns.attname in (
                    'reporter_code', 'area_version', 'event_type', 'programme', 'occasion', 'support_type',
                    'funding_instrument', 'special_circumstance', 'abuse_type', 'injury_cause', 'sex', 'age_band'
                )
            )
        group by relations.oid
    loop
        execute format('alter table %s %s', part.fact, part.changes);
        execute format('analyze %s', part.fact);
    end loop;

    -- What was computed for releases that are published already.
    alter table core.computed_annual_report rename column label to figure_label;
    alter table core.computed_annual_report rename column sort_order to figure_sort_order;
    alter table core.computed_periodic_figures
    add column figure_sort_order bigint,
    add column section text,
    add column figure_label text,
    add column unit text,
    add column previous_value numeric,
    add column change numeric,
    add column addend numeric;
    update core.computed_periodic_figures as rows
    set
        figure_sort_order = figures.figure_sort_order,
        section = figures.section,
        figure_label = figures.figure_label,
        unit = figures.unit,
        previous_value = year_before.value,
        change = rows.value - year_before.value,
        addend = case
            when
                rows.cut = 'month' and figures.aggregation = 'sum'
                and figures.form not in ('programme_sites', 'child_population')
                then rows.value
        end
    from core.computed_periodic_figures as same
    inner join ops.published_loads
        on
            published_loads.form = 'figures'
            and published_loads.from_release <= same.release_id
            and published_loads.until_release > same.release_id
    inner join core.dim_figures as figures
        on published_loads.load_id = figures.load_id and same.figure = figures.figure
    left join core.computed_periodic_figures as year_before
        on
            same.release_id = year_before.release_id
            and same.figure = year_before.figure
            and same.year = year_before.year + 1
            and same.cut = year_before.cut
            and same.cut_number = year_before.cut_number
    where
        rows.release_id = same.release_id
        and rows.figure = same.figure
        and rows.year = same.year
        and rows.cut = same.cut
        and rows.cut_number = same.cut_number;
end $$;
