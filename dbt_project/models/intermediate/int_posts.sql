select
    hash(post_key) as post,
    hash(source, key_id, coalesce(author_key, '')) as author,  -- a platform without authors counts as one
    hash(cluster_key) as cluster,
    source,
    key_id,
    arrived_on,
    first_arrived_on,
    posted_on,
    {{ week_of('posted_on') }} as week_on,
    {{ month_of('posted_on') }} as month_on,
    case when len(entities) = 0 then ['unlisted'] else list_distinct(entities) end as entities,
    relevant and voice_class <> 'excluded' as is_counted,
    voice_class,
    speaker,
    coalesce(author_official, false) as is_official_account,
    sentiment,
    intent,
    rating,
    list_distinct(topics) as topics,
    aspects,
    list_distinct(flags) as flags,
    ae,
    criticality,
    care_setting,
    stage_of_care,
    department,
    prefecture,
    sensitive_category is not null as is_sensitive,
    claim_key,
    coalesce(terms, []) as terms,
    coalesce(conditions, []) as conditions,
    coalesce(nouns, []) as nouns,
    coalesce(r.status, 'open') as event_status,
    len(review_reasons) > 0 as wants_review,
    confidence
from {{ ref('stg_posts') }} as p
left join (
    select post_key as reviewed, status from {{ ref('stg_review_outcomes') }} where queue = 'adverse_event'
) as r on p.post_key = r.reviewed
where {{ within_open_range('posted_on') }}
    and {{ month_of('posted_on') }} in (select month_on from {{ ref('int_open_months') }})
