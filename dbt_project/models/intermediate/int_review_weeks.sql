{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_open_months() }}") }}
-- depends_on: {{ ref('int_open_months') }}

{# Star reviews of each entity by week, before suppression: what the warning of solicited reviews is computed from. #}
select
    entity,
    week_on,
    month_on,
    count(distinct author)::bigint as reviewers,
    count(distinct author) filter (where rating = 5)::bigint as five_star_reviewers,
    avg(rating)::double as mean_stars,
    max(posts_on_day)::bigint as busiest_day
from (
    select *, count(*) over (partition by entity, posted_on) as posts_on_day
    from (select *, unnest(entities) as entity from {{ ref('int_posts') }} where is_counted and voice_class = 'patient_voice' and rating is not null)
)
group by all
