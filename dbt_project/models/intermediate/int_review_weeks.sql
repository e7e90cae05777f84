{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_open_months() }}") }}
-- depends_on: {{ ref('int_open_months') }}

{# Star reviews of each entity by week, before suppression: what the warning of solicited reviews is computed from. #}
select
    entity,
    week_on,
    month_on,
    count(distinct author)::bigint as reviewers,
    count(distinct author) filter (where rating = 5)::bigint as five_star_reviewers
from (
    select *, unnest(entities) as entity
    from {{ ref('int_posts') }}
    where is_counted and voice_class = 'patient_voice' and rating is not null
)
group by all
