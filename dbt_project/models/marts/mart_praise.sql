with mentions as (

    select grain, period_on, entity, voice_class, d1, authors
    from {{ published_cells('themes', breakdowns=['all']) }}

)

select
    c.grain,
    c.period_on,
    {{ entity_columns() }},
    c.d1 as theme,
    coalesce(t.ja, c.d1) as theme_ja,
    coalesce(t.topic, 'other') as topic,
    c.voice_class,
    c.authors,
    c.posts,
    round({{ safe_share('c.authors', 'm.authors', 'c.k') }}, 4) as praise_share,
    coalesce(q.is_reference_only, true) as is_reference_only,
    c.is_suppressed,
    'internal_only' as permitted_use,
    '内部改善と職員への還元に限る。体験談・口コミの広告への転用は医療広告ガイドラインで禁じられている。' as use_note_ja
from {{ published_cells('themes', breakdowns=['polarity']) }} as c
left join mentions as m
    on c.grain = m.grain and c.period_on = m.period_on and c.entity = m.entity
    and c.voice_class = m.voice_class and c.d1 = m.d1
left join {{ ref('themes') }} as t on c.d1 = t.code
left join {{ ref('int_label_quality') }} as q on coalesce(t.topic, 'other') = q.topic
where c.value = 'pos'
