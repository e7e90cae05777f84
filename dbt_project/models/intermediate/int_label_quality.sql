{# How well each topic's labels do on labelled posts, by the newest measurement. What was never measured is for reference only. #}
with newest as (

    select *
    from {{ ref('stg_label_scores') }}
    where field = 'topics' and measured_on = (select max(measured_on) from {{ ref('stg_label_scores') }})

)

select
    t.code as topic,
    coalesce(s.labelled_posts, 0)::bigint as labelled_posts,
    s.f1,
    coalesce(s.f1 < 0.5 or s.labelled_posts < 30, true) as is_reference_only
from {{ ref('topics') }} as t
left join newest as s on t.code = s.label
