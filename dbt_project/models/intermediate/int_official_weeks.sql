{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_open_months() }}") }}
-- depends_on: {{ ref('int_open_months') }}

{# Posts of organisations from accounts that the platform proves to be theirs: nobody's private voice. #}
select
    entity,
    topic,
    week_on,
    month_on,
    count(*)::bigint as posts,
    count(distinct posted_on)::bigint as days
from (
    select *, unnest(if(len(topics) = 0, ['other'], topics)) as topic
    from (select *, unnest(entities) as entity from {{ ref('int_posts') }})
    where voice_class = 'official' and is_official_account and speaker in ('facility', 'company')
)
group by all
