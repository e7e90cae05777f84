{# The pipeline's own numbers: records and spans, no people, so nothing is hidden. Numbers of reviewed cases stand for people:
   they are shown in tens (1 to 9 not at all), so that no two nights tell of one more. #}
with facts as (

    select
        arrived_on as measured_on,
        source,
        split_part(fact, ':', 1) as metric,
        coalesce(nullif(split_part(fact, ':', 2), ''), 'all') as detail,
        sum(value)::double as value
    from {{ ref('stg_run_facts') }}
    group by all

),

reviewed as (

    select
        j.measured_on,
        j.source,
        'review_precision' as metric,
        j.detail,
        round({{ safe_share('coalesce(r.value, 0)', 'j.value', var('k_anonymity')) }}, 2) as value
    from facts as j
    left join facts as r
        on j.measured_on = r.measured_on and j.source = r.source and j.detail = r.detail and r.metric = 'review_right'
    where j.metric = 'review_judged'

),

labels as (

    select
        posted_on as measured_on,
        source,
        unnest(['posts_counted', 'posts_for_review', 'mean_confidence', 'median_lag_days']) as metric,
        'all' as detail,
        unnest([counted_posts::double, review_posts::double, round(mean_confidence, 4), median_lag_days]) as value
    from {{ ref('int_source_days') }}

),

scores as (

    select
        measured_on,
        'all' as source,
        unnest(['label_precision', 'label_recall', 'label_f1', 'labelled_posts']) as metric,
        field || '.' || label as detail,
        unnest([label_precision, label_recall, f1, labelled_posts::double]) as value
    from {{ ref('stg_label_scores') }}

)

select
    measured_on,
    'arrival' as basis,
    source,
    metric,
    detail,
    case
        when not starts_with(metric, 'review_') and not starts_with(metric, 'event_') then value
        when value = 0 then 0
        when value >= {{ var('k_anonymity') }} then floor(value / 10) * 10
    end as value
from facts
where metric <> 'review_right'

union all

select measured_on, 'arrival' as basis, source, metric, detail, value
from reviewed

union all

select measured_on, 'writing' as basis, source, metric, detail, value
from labels

union all

select measured_on, 'labels' as basis, source, metric, detail, value
from scores
