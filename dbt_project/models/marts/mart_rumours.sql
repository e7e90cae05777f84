{# Claims are numbered by the week in which they were first shown; what they say is in the reviewers' queue only. #}
with claims as (

    select *
    from {{ published_cells('rumours', ['week']) }}
    qualify bool_or(authors is not null) over (partition by d1, voice_class)

),

numbered as (

    select
        *,
        dense_rank() over (order by first_week_on, d1) as claim_number,
        lag(period_on) over (partition by d1, voice_class order by period_on) as week_before_on,
        lag(authors) over (partition by d1, voice_class order by period_on) as authors_before,
        max(authors) over (partition by d1, voice_class order by period_on rows unbounded preceding) as peak_authors
    from (select *, min(period_on) over (partition by d1) as first_week_on from claims)

),

-- a claim's truth is what its reviewers say of any of its posts; where they differ, that is what is shown
reviewed as (

    select
        claim_key,
        case
            when count(distinct status) > 1 then '不一致'
            else case max(status)
                when 'false' then '誤り'
                when 'true' then '正しい'
                when 'rejected' then '非該当'
                when 'conflict' then '不一致'
                else '判定不能'
            end
        end as reviewer_status
    from {{ ref('stg_review_outcomes') }}
    where queue = 'misinformation' and claim_key is not null and status <> 'duplicate'
    group by all

)

select
    period_on as week_on,
    claim_number::integer as claim_number,
    first_week_on,
    voice_class,
    authors,
    posts,
    sources,
    case when authors is not null then round(posts / clusters::double, 1) end as amplification,
    case
        when authors is null then '10人未満'
        when week_before_on is distinct from period_on - 7 or authors_before is null then '発生'
        when authors >= 1.5 * authors_before then '拡大'
        when authors <= 0.5 * peak_authors then '収束'
        else '継続'
    end as stage,
    coalesce(r.reviewer_status, '未確認') as reviewer_status,
    is_suppressed,
    'internal_only' as permitted_use
from numbered
left join reviewed as r on d1 = r.claim_key
