{# What own facilities are praised and blamed for, beside the band of their peers: from published numbers alone. #}
select
    c.month_on,
    c.peer_set,
    c.entity,
    e.name as entity_name,
    e.class as entity_class,
    c.theme,
    coalesce(t.ja, c.theme) as theme_ja,
    coalesce(t.owner_ja, '未定') as owner_ja,
    c.polarity,
    c.voice_class,
    c.authors,
    c.speaking_authors,
    c.share,
    c.share_low,
    c.share_high,
    c.peer_share_low,
    c.peer_share_high,
    c.peer_band_low,
    c.peer_band_high,
    c.peers_shown,
    c.peers_hidden,
    c.verdict,
    c.position,
    coalesce(q.is_reference_only, true) as is_reference_only,
    c.is_suppressed,
    'internal_only' as permitted_use
from {{ ref('int_strengths') }} as c
inner join {{ ref('stg_entities') }} as e on c.entity = e.entity
left join {{ ref('themes') }} as t on c.theme = t.code
left join {{ ref('int_label_quality') }} as q on coalesce(t.topic, 'other') = q.topic
