{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_open_months() }}") }}
-- depends_on: {{ ref('int_open_months') }}

{%- set cell = ['mart', 'grain', 'period_on', 'week_on', 'month_on', 'entity', 'voice_class', 'd1', 'breakdown', 'value', 'parent', 'family'] %}

with statements as (

    select * from {{ ref('int_statements') }}

),

by_grain as (

    select 'week' as grain, week_on as period_on, * exclude (posted_on) from statements where mart <> 'segments'
    union all by name
    select 'month' as grain, month_on as period_on, * exclude (posted_on, week_on) from statements
    union all by name
    select 'day' as grain, posted_on as period_on, * exclude (posted_on) from statements
    where mart in ('reputation', 'topics') and breakdown in ('all', 'sentiment')

),

counted as (

    {{ count_authors('by_grain', cell) }}

),

peers as (

    -- mentions of a peer set, the whole of a share of voice: each entity's authors, added up
    select
        'peers' as mart, c.grain, c.period_on, c.week_on, c.month_on, 'peers:' || e.peer_set as entity, c.voice_class,
        'all' as d1, 'all' as breakdown, 'all' as value,
        sum(c.authors)::bigint as authors, sum(c.posts)::bigint as posts, sum(c.clusters)::bigint as clusters,
        max(c.sources)::bigint as sources, 0::bigint as sensitive_posts
    from counted as c
    inner join {{ ref('stg_entities') }} as e on c.entity = e.entity
    where c.mart = 'reputation' and c.breakdown = 'all' and e.peer_set is not null
    group by all
    having count(*) > 1  -- a share of oneself says nothing

),

cells as (

    select * from counted
    union all by name
    select * from peers

)

select
    c.mart, c.grain, c.period_on, c.week_on, c.month_on, c.entity, c.voice_class, c.d1, c.breakdown, c.value,
    c.parent,
    case when c.family = 'peers' then 'peers:' || e.peer_set when c.parent is not null then c.entity end as parent_entity,
    c.family,
    c.authors, c.posts, c.clusters, c.sources,
    c.amount, c.amounts,
    {{ k_of("coalesce(s.code is not null or c.sensitive_posts * 2 > c.posts, false)") }} as k
from cells as c
left join {{ ref('stg_entities') }} as e on c.entity = e.entity
left join {{ ref('sensitive') }} as s on case c.mart when 'flags' then 'flag:' || c.d1 else c.d1 end = s.kind || ':' || s.code
