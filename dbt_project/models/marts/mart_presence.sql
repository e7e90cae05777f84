{# Organisations' own accounts: not people, so nothing is hidden. #}
select
    c.week_on,
    {{ entity_columns() }},
    c.topic,
    coalesce(t.ja, c.topic) as topic_ja,
    'official' as voice_class,
    c.posts as official_posts,
    c.days as active_days,
    coalesce(q.is_reference_only, true) as is_reference_only
from (
    select w.*, e.name, e.class
    from {{ ref('int_official_weeks') }} as w
    inner join {{ ref('stg_entities') }} as e on w.entity = e.entity
) as c
left join {{ ref('topics') }} as t on c.topic = t.code
left join {{ ref('int_label_quality') }} as q on c.topic = q.topic
