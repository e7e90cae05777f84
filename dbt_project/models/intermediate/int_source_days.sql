{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_open_months() }}") }}
-- depends_on: {{ ref('int_open_months') }}

select
    source,
    posted_on,
    month_on,
    count(*)::bigint as posts,
    count(*) filter (where is_counted)::bigint as counted_posts,
    count(*) filter (where wants_review)::bigint as review_posts,
    avg(confidence)::double as mean_confidence,
    quantile_cont(date_diff('day', posted_on, arrived_on), 0.5)::double as median_lag_days
from {{ ref('int_posts') }}
group by all
