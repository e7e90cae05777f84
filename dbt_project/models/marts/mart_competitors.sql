{# What an entity is praised and blamed for, beside the rest of its peer set: published numbers only. #}
with themes as (

    select
        period_on, entity, name, class, peer_set, voice_class, d1,
        max(k) as k,
        {{ one_cell('all', 'all') }} as authors,
        {{ one_cell('polarity', 'pos') }} as positive_authors,
        {{ one_cell('polarity', 'neg') }} as negative_authors,
        bool_or(is_suppressed) filter (where breakdown = 'all') as is_suppressed
    from {{ published_cells('themes', ['month']) }}
    where peer_set is not null
    group by period_on, entity, name, class, peer_set, voice_class, d1

),

shares as (

    select
        *,
        {{ safe_share('positive_authors', 'authors', 'k') }} as positive_share,
        {{ safe_share('negative_authors', 'authors', 'k') }} as negative_share
    from themes

)

select
    c.period_on as month_on,
    c.peer_set,
    {{ entity_columns() }},
    c.d1 as theme,
    coalesce(t.ja, c.d1) as theme_ja,
    c.voice_class,
    c.authors,
    round(c.positive_share, 4) as positive_share,
    round(c.negative_share, 4) as negative_share,
    round(avg(p.positive_share), 4) as peer_positive_share,
    round(avg(p.negative_share), 4) as peer_negative_share,
    count(p.negative_share)::integer as peers_shown,
    coalesce(q.is_reference_only, true) as is_reference_only,
    c.is_suppressed,
    'internal_only' as permitted_use
from shares as c
left join shares as p
    on c.period_on = p.period_on and c.peer_set = p.peer_set and c.voice_class = p.voice_class
    and c.d1 = p.d1 and c.entity <> p.entity
left join {{ ref('themes') }} as t on c.d1 = t.code
left join {{ ref('int_label_quality') }} as q on t.topic = q.topic
group by all
