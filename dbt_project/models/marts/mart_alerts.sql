{# Alarms that may be told. Counts are those of int_published; what stands beside them follows the rules of
   transforms/statistics/alerts.py. #}
with published as (

    select grain, period_on, entity, voice_class, 'topic' as kind, d1 as subject, authors, is_suppressed
    from {{ published_cells('topics', ['day', 'week'], ['sentiment']) }}
    where value = 'neg'
    union all
    select grain, period_on, entity, voice_class, 'theme', d1, authors, is_suppressed
    from {{ published_cells('complaints', ['week'], ['all']) }}

)

select
    c.grain,
    c.period_on,
    {{ entity_columns() }},
    coalesce(th.topic, t.code, 'other') as topic,
    coalesce(tt.ja, t.ja, 'その他') as topic_ja,
    case c.kind when 'theme' then c.subject else 'all' end as theme,
    case c.kind when 'theme' then coalesce(th.ja, if(c.subject = 'UNSPECIFIED', 'テーマ不明の苦情', c.subject)) else '全体' end as theme_ja,
    coalesce(th.owner_ja, '未定') as owner_ja,
    'neg' as sentiment,
    p.voice_class,
    c.tier,
    c.method,
    p.authors,
    c.observed_band as authors_band,
    c.expected,
    c.expected_band,
    c.threshold,
    c.threshold_band,
    c.dispersion,
    c.p as p_value,
    c.p_at_most,
    c.q_at_most,
    c.exceedance,
    c.consecutive,
    c.baseline as baseline_periods,
    c.family as series_tested,
    c.silent_sources,
    coalesce(q.is_reference_only, true) as is_reference_only,
    p.is_suppressed,
    'internal_only' as permitted_use
from (
    select a.*, e.name, e.class
    from {{ ref('int_alerts') }} as a
    inner join {{ ref('stg_entities') }} as e on a.entity = e.entity
    where a.kind in ('topic', 'theme') and not a.is_withheld
) as c
inner join published as p
    on c.grain = p.grain and c.period_on = p.period_on and c.entity = p.entity and c.kind = p.kind and c.subject = p.subject
    and p.voice_class = 'patient_voice'
left join {{ ref('themes') }} as th on c.kind = 'theme' and c.subject = th.code
left join {{ ref('topics') }} as tt on th.topic = tt.code
left join {{ ref('topics') }} as t on c.kind = 'topic' and c.subject = t.code
left join {{ ref('int_label_quality') }} as q on coalesce(th.topic, t.code, 'other') = q.topic
