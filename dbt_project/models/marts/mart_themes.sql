select
    c.grain,
    c.period_on,
    {{ entity_columns() }},
    c.d1 as theme,
    coalesce(t.ja, c.d1) as theme_ja,
    coalesce(t.topic, 'other') as topic,
    coalesce(t.owner_ja, '未定') as owner_ja,
    c.value as polarity,
    c.voice_class,
    c.authors,
    c.posts,
    coalesce(q.is_reference_only, true) as is_reference_only,
    c.is_suppressed,
    'internal_only' as permitted_use
from {{ published_cells('themes') }} as c
left join {{ ref('themes') }} as t on c.d1 = t.code
left join {{ ref('int_label_quality') }} as q on coalesce(t.topic, 'other') = q.topic
