{# New treatments and technologies: who is interested, hopes, fears. #}
with everyone as (

    select grain, period_on, voice_class, d1, authors
    from {{ published_cells('newtech', breakdowns=['all']) }}

)

select
    c.grain,
    c.period_on,
    c.d1 as technology,
    c.value as feeling,
    case c.value
        when 'all' then '全体' when 'hope' then '期待' when 'fear' then '不安・不満' when 'torn' then '期待と不安'
        when 'interest' then '関心' else '中立'
    end as feeling_ja,
    c.voice_class,
    c.authors,
    c.posts,
    case when c.value <> 'all' then round({{ safe_share('c.authors', 'e.authors', 'c.k') }}, 4) end as share,
    case when c.value <> 'all' and {{ safe_share('c.authors', 'e.authors', 'c.k') }} is not null
        then round({{ wilson('c.authors', 'e.authors', '-', 'c.k') }}, 4) end as share_low,
    case when c.value <> 'all' and {{ safe_share('c.authors', 'e.authors', 'c.k') }} is not null
        then round({{ wilson('c.authors', 'e.authors', '+', 'c.k') }}, 4) end as share_high,
    coalesce(q.is_reference_only, true) as is_reference_only,
    c.is_suppressed,
    'internal_only' as permitted_use,
    '承認・適応の判断には使わない。投稿は患者の標本ではなく、効果や安全性を示さない。' as caution_ja
from {{ published_cells('newtech') }} as c
left join everyone as e
    on c.grain = e.grain and c.period_on = e.period_on and c.voice_class = e.voice_class and c.d1 = e.d1
left join {{ ref('int_label_quality') }} as q on q.topic = 'newtech'
