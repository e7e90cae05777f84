{# What people ask and wish, and whether the organisation's own accounts spoke of it in the same period. #}
with official as (

    select 'week' as grain, week_on as period_on, entity, topic, sum(posts) as posts
    from {{ ref('int_official_weeks') }} group by all
    union all
    select 'month' as grain, month_on as period_on, entity, topic, sum(posts) as posts
    from {{ ref('int_official_weeks') }} group by all

)

select
    c.grain,
    c.period_on,
    {{ entity_columns() }},
    c.d1 as topic,
    coalesce(t.ja, c.d1) as topic_ja,
    c.value as intent,
    c.voice_class,
    c.authors,
    c.posts,
    coalesce(o.posts, 0)::bigint as official_posts,
    c.value = 'question' and c.authors >= c.k and coalesce(o.posts, 0) = 0 as is_information_void,
    coalesce(q.is_reference_only, true) as is_reference_only,
    c.is_suppressed,
    'internal_only' as permitted_use
from {{ published_cells('topics', ['week', 'month'], ['intent']) }} as c
left join official as o
    on c.grain = o.grain and c.period_on = o.period_on and c.entity = o.entity and c.d1 = o.topic
left join {{ ref('topics') }} as t on c.d1 = t.code
left join {{ ref('int_label_quality') }} as q on c.d1 = q.topic
where c.value in ('question', 'request')
