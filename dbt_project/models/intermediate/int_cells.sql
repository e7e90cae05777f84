{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_open_months() }}") }}
-- depends_on: {{ ref('int_open_months') }}

{%- set names = ['mart', 'd1', 'breakdown', 'value', 'parent', 'family', 'entity', 'voice_class'] | join(', ') %}

with statements as (

    select
        hash({{ names }}) as cell,
        mart,
        breakdown,
        posted_on,
        week_on,
        month_on,
        hash(source) as source,
        hash(source, key_id) as scope,
        author,
        case when mart = 'rumours' then cluster end as cluster,  -- spreading by copies is asked of rumours only
        is_sensitive,
        amount
    from {{ ref('int_statements') }}

),

labels as (

    select distinct hash({{ names }}) as cell, {{ names }}
    from {{ ref('int_statements') }}

),

periods as (

    select 'day' as grain, * from ({{ count_authors('statements', 'posted_on', "mart in ('reputation', 'topics') and breakdown in ('all', 'sentiment')") }})
    union all
    select 'week' as grain, * from ({{ count_authors('statements', 'week_on', "mart <> 'segments'") }})
    union all
    select 'month' as grain, * from ({{ count_authors('statements', 'month_on', "mart <> 'terms'") }})

),

counted as (

    select
        l.* exclude (cell),
        p.* exclude (cell),
        case when p.grain <> 'month' then {{ week_of('p.period_on') }} end as week_on,
        case when p.grain = 'month' then p.period_on else {{ month_of('p.period_on') }} end as month_on
    from periods as p
    inner join labels as l on p.cell = l.cell

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
    greatest(
        {{ k_of("coalesce(s.code is not null or c.sensitive_posts * 2 > c.posts, false)") }},
        {{ k_of_area('a.population') }}
    ) as k
from cells as c
left join {{ ref('stg_entities') }} as e on c.entity = e.entity
left join {{ ref('areas') }} as a on c.mart = 'segments' and c.d1 = 'prefecture:' || a.code
left join {{ ref('sensitive') }} as s on case c.mart when 'flags' then 'flag:' || c.d1 else c.d1 end = s.kind || ':' || s.code
