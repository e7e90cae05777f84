{# What reviewers have confirmed, by the day on which it was written: days that no usual level may be learnt from. #}
select
    queue,
    entity,
    topic,
    posted_on as first_on,
    posted_on as last_on,
    count(*)::bigint as posts
from (
    select *, unnest(if(len(topics) = 0, ['other'], topics)) as topic
    from (
        select *, unnest(if(len(entities) = 0, ['unlisted'], entities)) as entity
        from {{ ref('stg_review_outcomes') }}
        where status in ('confirmed', 'false')
    )
)
group by all
