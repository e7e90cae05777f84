{# Whether each source delivers as usual, by day of writing: what alerts and readers must know before they believe a quiet day. #}
with sources as (

    select source, min(posted_on) as first_on
    from {{ ref('int_source_days') }}
    group by source

),

-- the last day written of is the last that was collected, whatever the source
days as (

    select s.source, d.day::date as day, row_number() over (partition by s.source order by d.day) as age
    from sources as s,
        lateral (select unnest(generate_series(s.first_on::timestamp, (select max(posted_on) from {{ ref('int_source_days') }})::timestamp, interval 1 day)) as day) as d

),

volumes as (

    select
        d.source,
        d.day as posted_on,
        d.age,
        coalesce(v.posts, 0) as posts,
        avg(coalesce(v.posts, 0)) over (partition by d.source order by d.day rows between 28 preceding and 1 preceding) as usual,
        stddev_samp(coalesce(v.posts, 0)) over (partition by d.source order by d.day rows between 28 preceding and 1 preceding) as spread,
        avg(coalesce(v.posts, 0)) over (partition by d.source order by d.day rows between 6 preceding and current row) as recent,
        date_diff('day', max(v.posted_on) over (partition by d.source order by d.day), d.day) as empty_days
    from days as d
    left join {{ ref('int_source_days') }} as v on d.source = v.source and d.day = v.posted_on

),

judged as (

    select
        *,
        case
            when age <= 10 then 'learning'
            -- chance alone leaves as many days empty less than once in a thousand, weekends (a third below the mean) too
            when empty_days * usual >= 10 then 'silent'
            when recent < usual - 1.5 * spread then 'low'
            when recent > usual + 2 * spread then 'high'
            else 'ok'
        end as status
    from volumes

)

select
    posted_on,
    source,
    posts::bigint as posts,
    round(usual, 1) as usual_posts,
    status,
    status in ('silent', 'low') as makes_alerts_inconclusive
from judged
