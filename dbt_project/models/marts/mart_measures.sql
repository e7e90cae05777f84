{# Effects of measures. The plain ratio of whole months is computed from published counts alone. #}
with subjects as (

    select
        s.*, a.start_on, a.ramp_days, a.description, a.expected_direction, a.registered_on, a.edited_on, a.is_preregistered, a.owner
    from {{ ref('int_measures') }} as s
    inner join {{ ref('stg_actions') }} as a on s.action = a.action

),

collected as (

    select min(posted_on) as first_on, max(posted_on) as last_on from {{ ref('int_source_days') }}

),

complaints as (

    select 'topic' as kind, entity, voice_class, d1 as subject, period_on, authors, k
    from {{ published_cells('topics', ['month'], ['sentiment']) }}
    where value = 'neg'
    union all
    select 'theme', entity, voice_class, d1, period_on, authors, k
    from {{ published_cells('complaints', ['month'], ['all']) }}

),

months as (

    select
        entity, voice_class, period_on, authors,
        {{ month_begins('period_on') }} as first_day,
        {{ month_begins('period_on + interval 1 month') }} - 1 as last_day
    from {{ published_cells('reputation', ['month'], ['all']) }}
    where voice_class = 'patient_voice'

),

counted as (

    -- whole months before the start, and whole months from it on; no complaint is 0
    select
        s.action, s.kind, s.subject,
        m.last_day < s.start_on as is_before,
        count(*) as months,
        sum(if(c.period_on is null, 0, c.authors))::bigint as authors,
        sum(m.authors)::bigint as spoke,
        coalesce(max(c.k), {{ k_of('false') }}) as k,
        count(*) filter (where m.authors is null or (c.period_on is not null and c.authors is null)) as hidden
    from subjects as s
    cross join collected as d
    inner join months as m
        on s.entity = m.entity
        and m.first_day >= d.first_on and m.last_day <= d.last_on
        and (m.last_day < s.start_on or m.first_day >= s.start_on)
    left join complaints as c
        on s.kind = c.kind and s.entity = c.entity and s.subject = c.subject and m.voice_class = c.voice_class and m.period_on = c.period_on
    group by all

),

shown as (

    -- a side with a hidden month is not shown in part: the reader would take it for the whole
    select * from counted where hidden = 0 and (spoke - authors >= k or spoke = authors)

),

compared as (

    select
        s.*,
        b.authors as authors_before, b.spoke as spoke_before, b.months as months_before,
        a.authors as authors_after, a.spoke as spoke_after, a.months as months_after,
        case when b.authors > 0 and a.authors > 0 and b.spoke > b.authors and a.spoke > a.authors then
            ln((a.authors / (a.spoke - a.authors)::double) / (b.authors / (b.spoke - b.authors)::double)) end as log_ratio,
        sqrt(1.0 / a.authors + 1.0 / (a.spoke - a.authors) + 1.0 / b.authors + 1.0 / (b.spoke - b.authors)) as log_error
    from subjects as s
    left join shown as b on s.action = b.action and s.kind = b.kind and s.subject = b.subject and b.is_before
    left join shown as a on s.action = a.action and s.kind = a.kind and s.subject = a.subject and not a.is_before

)

select
    c.action as measure,
    {{ entity_columns() }},
    c.description as measure_ja,
    c.owner as owner_ja,
    c.kind as subject_kind,
    c.subject,
    coalesce(t.ja, th.ja, c.subject) as subject_ja,
    c.role,
    'patient_voice' as voice_class,
    c.start_on,
    c.ramp_days,
    c.expected_direction,
    c.registered_on,
    c.edited_on,
    c.is_preregistered,
    c.verdict,
    c.is_provisional,
    c.weeks_before,
    c.weeks_after,
    c.weeks_hidden,
    c.level_band,
    c.level_ratio,
    c.level_low,
    c.level_high,
    c.level_p_at_most,
    c.slope_ratio,
    c.slope_low,
    c.slope_high,
    c.dispersion,
    c.peers,
    c.peers_band,
    c.peers_p,
    c.peers_lead_band,
    c.months_before::integer as months_before,
    c.authors_before,
    c.spoke_before,
    c.months_after::integer as months_after,
    c.authors_after as authors,
    c.spoke_after,
    round(exp(c.log_ratio), 2) as month_ratio,
    round(exp(c.log_ratio - 1.96 * c.log_error), 2) as month_ratio_low,
    round(exp(c.log_ratio + 1.96 * c.log_error), 2) as month_ratio_high,
    coalesce(q.is_reference_only, true) as is_reference_only,
    c.authors_after is null as is_suppressed,
    'internal_only' as permitted_use
from (
    select v.*, e.name, e.class
    from compared as v
    left join {{ ref('stg_entities') }} as e on v.entity = e.entity
) as c
left join {{ ref('topics') }} as t on c.kind = 'topic' and c.subject = t.code
left join {{ ref('themes') }} as th on c.kind = 'theme' and c.subject = th.code
left join {{ ref('int_label_quality') }} as q on coalesce(th.topic, t.code, 'other') = q.topic
