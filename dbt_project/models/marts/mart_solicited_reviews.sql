{# The warning is computed on all reviews, inside the warehouse; only its outcome and counts of k and more are shown. #}
with weeks as (

    select
        r.*,
        e.name,
        e.class,
        {{ k_of('false') }} as k,
        coalesce(median(r.five_star_reviewers) over usual, 0) as usual_five_star,
        sum(r.five_star_reviewers) over usual / sum(r.reviewers) over usual as usual_share,
        count(*) over usual as weeks_before
    from {{ ref('int_review_weeks') }} as r
    inner join {{ ref('stg_entities') }} as e on r.entity = e.entity and e.class = 'own'
    window usual as (partition by r.entity order by r.week_on range between interval 56 day preceding and interval 7 day preceding)

),

judged as (

    select
        *,
        five_star_reviewers / greatest(usual_five_star, 1) as rise,
        five_star_reviewers / reviewers::double as five_star_share
    from weeks

)

select
    week_on,
    {{ entity_columns() }},
    'patient_voice' as voice_class,
    case when reviewers >= k then reviewers end as authors,
    case when five_star_reviewers >= k and (reviewers - five_star_reviewers = 0 or reviewers - five_star_reviewers >= k)
        then five_star_reviewers end as five_star_authors,
    case when weeks_before < 3 then '学習中' when rise >= 10 then '10倍以上' when rise >= 5 then '5倍以上' when rise >= 3 then '3倍以上' else '通常' end as rise_band,
    -- ordinary reviews go on beside those on request: half the week's are enough, or twice the usual share
    weeks_before >= 3 and five_star_reviewers >= k and rise >= 3
        and (five_star_share >= 0.5 or five_star_share >= 2 * usual_share) as is_burst,
    reviewers < k as is_suppressed,
    'internal_only' as permitted_use
from judged as c
