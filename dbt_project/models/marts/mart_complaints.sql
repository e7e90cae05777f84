with complaints as (

    select * from {{ published_cells('complaints') }}

),

mentions as (

    select grain, period_on, entity, voice_class, d1, authors
    from {{ published_cells('themes', breakdowns=['all']) }}

)

select
    c.grain,
    c.period_on,
    {{ entity_columns() }},
    c.d1 as theme,
    coalesce(t.ja, 'テーマ不明') as theme_ja,
    coalesce(t.topic, 'other') as topic,
    coalesce(t.owner_ja, '患者相談窓口') as owner_ja,
    c.breakdown,
    c.value as breakdown_value,
    c.voice_class,
    c.authors,
    c.posts,
    round(case when c.breakdown = 'all' then {{ safe_share('c.authors', 'm.authors', 'c.k') }} end, 4) as complaint_share,
    coalesce(q.is_reference_only, true) as is_reference_only,
    c.is_suppressed,
    'internal_only' as permitted_use
from complaints as c
left join mentions as m
    on c.grain = m.grain and c.period_on = m.period_on and c.entity = m.entity
    and c.voice_class = m.voice_class and c.d1 = m.d1
left join {{ ref('themes') }} as t on c.d1 = t.code
left join {{ ref('int_label_quality') }} as q on coalesce(t.topic, 'other') = q.topic
