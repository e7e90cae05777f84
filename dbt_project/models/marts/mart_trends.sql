{# Weekly rises of a topic or its complaints against the four weeks before, from published numbers: where those are
   hidden the rise is a lower bound, computed from the largest hidden number. #}
with weeks as (

    select *
    from {{ published_cells('topics', ['week'], ['all', 'sentiment']) }}
    where value in ('all', 'neg')

),

first_week as (

    select min(period_on) as week_on from {{ published_cells('topics', ['week'], ['all']) }}

),

compared as (

    select
        c.*,
        count(p.authors) as shown_before,
        count(*) filter (where p.is_suppressed) as hidden_before,
        coalesce(sum(p.authors), 0) as authors_shown_before
    from weeks as c
    left join weeks as p
        on c.entity = p.entity and c.voice_class = p.voice_class and c.d1 = p.d1 and c.value = p.value
        and p.period_on between c.period_on - 28 and c.period_on - 7
    where c.authors is not null and c.period_on >= (select week_on + 28 from first_week)
    group by all

)

select
    c.period_on as week_on,
    {{ entity_columns() }},
    c.d1 as topic,
    coalesce(t.ja, c.d1) as topic_ja,
    c.value as sentiment,
    c.voice_class,
    c.authors,
    case when c.hidden_before = 0 then round(c.authors_shown_before / 4.0, 1) end as usual_authors,
    -- at least one, so that a topic never heard of before does not rise without bound
    round(c.authors / greatest(1, (c.authors_shown_before + c.hidden_before * (c.k - 1)) / 4.0), 2) as rise_at_least,
    coalesce(q.is_reference_only, true) as is_reference_only,
    c.is_suppressed,
    'internal_only' as permitted_use
from compared as c
left join {{ ref('topics') }} as t on c.d1 = t.code
left join {{ ref('int_label_quality') }} as q on c.d1 = q.topic
