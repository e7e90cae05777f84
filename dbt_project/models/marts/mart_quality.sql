{# The pipeline's own numbers: records and spans, no people, so nothing is hidden. #}
with facts as (

    select
        arrived_on as measured_on,
        source,
        split_part(fact, ':', 1) as metric,
        coalesce(nullif(split_part(fact, ':', 2), ''), 'all') as detail,
        value
    from {{ ref('stg_run_facts') }}

),

labels as (

    select
        posted_on as measured_on,
        source,
        unnest(['posts_counted', 'posts_for_review', 'mean_confidence', 'median_lag_days']) as metric,
        'all' as detail,
        unnest([counted_posts::double, review_posts::double, round(mean_confidence, 4), median_lag_days]) as value
    from {{ ref('int_source_days') }}

)

select
    measured_on,
    'arrival' as basis,
    source,
    metric,
    detail,
    sum(value)::double as value
from facts
group by all

union all

select measured_on, 'writing' as basis, source, metric, detail, value
from labels
