{{ config(materialized='view') }}

{#-
    What each post says, one row for every cell that it is counted in. A cell is named by mart, d1, breakdown and value
    (`all`: not broken down). `parent` names the cell that holds it, where that is not simply the one without the
    breakdown; siblings of a `family` are parts of one sum. The publication rule follows these names.
-#}

with counted as (

    select * from {{ ref('int_posts') }} where is_counted

),

mentions as (

    select *, unnest(entities) as entity from counted

),

topics as (

    select *, unnest(topics) as topic from mentions

),

aspects as (

    select distinct
        p.* exclude (topics, aspects),
        a.theme,
        coalesce(t.topic, a.topic) as topic,
        case when a.polarity < 0 then 'neg' when a.polarity > 0 then 'pos' else 'neu' end as polarity
    from (select *, unnest(aspects) as a from mentions) as p
    left join {{ ref('themes') }} as t on p.a.theme = t.code
    where p.a.theme is not null

),

themes as (

    select distinct on (post, entity, theme) * from aspects

),

complaints as (

    select * exclude (polarity) from aspects where polarity = 'neg'
    union all by name
    -- a complaint whose subject no theme names still counts
    select *, 'UNSPECIFIED' as theme, 'other' as topic
    from mentions
    where intent = 'complaint' and not list_contains(list_transform(aspects, lambda x: x.polarity < 0), true)

),

segments as (

    -- an area of fewer than 2,000 people, or one whose people nobody has counted, is not told apart
    select m.*, unnest(
        [
            {'kind': 'speaker', 'code': speaker},
            {'kind': 'department', 'code': coalesce(department, 'none')},
            {'kind': 'care_setting', 'code': coalesce(care_setting, 'none')},
            {'kind': 'prefecture', 'code': if(a.population >= {{ least_population() }}, prefecture, 'none')}
        ]
        || list_transform(if(len(conditions) = 0, ['none'], conditions), lambda x: {'kind': 'condition', 'code': x})
    ) as segment
    from mentions as m
    left join {{ ref('areas') }} as a on m.prefecture = a.code

),

flags as (

    select *, unnest(flags) as flag from mentions

),

events as (

    select distinct
        post, 'all' as entity, voice_class, posted_on, week_on, month_on, source, key_id, author, cluster, is_sensitive,
        event_status,
        first_arrived_on,
        e.drug as drug,
        coalesce(e.event_pt, e.event) as event,
        coalesce(e.serious, false) as is_serious,
        e.has_patient and e.has_reporter and e.has_drug and e.has_event as is_complete
    from (select *, unnest(ae) as e from counted)
    where e.drug is not null and coalesce(e.event_pt, e.event) is not null
        and not coalesce(e.negated, false) and not coalesce(e.feared, false) and not coalesce(e.asked, false)
        and coalesce(e.about, '') <> 'generic'

),

drugs as (

    select
        * exclude (event, is_serious, is_complete),
        bool_or(is_serious) as is_serious,
        bool_or(is_complete) as is_complete
    from events
    group by all

),

terms as (

    select *, 'all' as entity, unnest(list_distinct(terms)) as term from counted
    union all by name
    -- a noun that few people have said has no name here, and is not counted before it had one
    select n.*, 'all' as entity, 'noun:' || w.word as term
    from (select *, unnest(list_distinct(nouns)) as noun from counted) as n
    inner join {{ ref('stg_words') }} as w on n.noun = w.noun and n.week_on >= w.first_week_on

),

technologies as (

    select *, 'all' as entity, unnest(['all'] || if(len(named) = 0, ['none'], named)) as technology
    from (
        select *, list_distinct([split_part(t, ':', 2) for t in terms if t like 'technology:%']) as named from counted
    )
    where len(named) > 0 or list_contains(topics, 'newtech')

),

claims as (

    select *, 'all' as entity from counted where claim_key is not null and voice_class in ('patient_voice', 'public')

)

{{ statement_of('reputation', "'all'", 'all', "'all'", 'mentions', parent="'peers|all|all|all'", family="'peers'") }}
union all
{{ statement_of('reputation', "'all'", 'sentiment', 'sentiment', 'mentions') }}
union all
{{ statement_of('reputation', "'all'", 'rated', "if(rating is null, 'unrated', 'rated')", 'mentions', amount='rating') }}
union all
{{ statement_of('reputation', "'all'", 'recommendation', "case
        when rating = 5 or list_contains(list_transform(aspects, lambda x: x.theme = 'BRD_REP' and x.polarity > 0), true) then 'recommend'
        when rating <= 3 or list_contains(list_transform(aspects, lambda x: x.theme = 'BRD_REP' and x.polarity < 0), true) then 'avoid'
        else 'none' end", 'mentions') }}
union all
{{ statement_of('topics', 'topic', 'all', "'all'", 'topics', parent="'reputation|all|all|all'", family="'topics'") }}
union all
{{ statement_of('topics', 'topic', 'sentiment', 'sentiment', 'topics', parent="'reputation|all|sentiment|' || sentiment", family="'topics'") }}
union all
{{ statement_of('topics', 'topic', 'intent', 'intent', 'topics') }}
union all
{{ statement_of('themes', 'theme', 'all', "'all'", 'themes', parent="'topics|' || topic || '|all|all'", family="'themes'") }}
union all
{{ statement_of('themes', 'theme', 'polarity', 'polarity', 'aspects') }}
union all
{{ statement_of('complaints', 'theme', 'all', "'all'", 'complaints', parent="'themes|' || theme || '|polarity|neg'", family="'complaints'") }}
union all
{{ statement_of('complaints', 'theme', 'criticality', "case when criticality >= 4 then 'high' when criticality >= 2 then 'middle' else 'low' end", 'complaints') }}
union all
{{ statement_of('complaints', 'theme', 'stage_of_care', "coalesce(stage_of_care, 'none')", 'complaints') }}
union all
{{ statement_of('segments', "segment.kind || ':' || segment.code", 'all', "'all'", 'segments', parent="'reputation|all|all|all'", family='segment.kind') }}
union all
{{ statement_of('segments', "segment.kind || ':' || segment.code", 'sentiment', 'sentiment', 'segments', parent="'reputation|all|sentiment|' || sentiment", family='segment.kind') }}
union all
{{ statement_of('flags', 'flag', 'all', "'all'", 'flags', parent="'reputation|all|all|all'", family="'flags'") }}
union all
{{ statement_of('safety', 'drug', 'all', "'all'", 'drugs') }}
union all
{{ statement_of('safety', 'drug', 'event', 'event', '(select distinct * exclude (is_serious, is_complete) from events)') }}
union all
{{ statement_of('safety', 'drug', 'review', 'event_status', 'drugs') }}
union all
{{ statement_of('safety', 'drug', 'seriousness', "if(is_serious, 'serious', 'not_serious')", 'drugs') }}
union all
{{ statement_of('safety', 'drug', 'completeness', "if(is_complete, 'complete', 'incomplete')", 'drugs') }}
union all
{#- The clock runs from the first arrival: 15 days where the words say that it was serious, else 30. Told by the week. #}
{{ statement_of('safety', 'drug', 'due_week', "date_trunc('week', first_arrived_on + if(is_serious, 15, 30))::date::varchar", 'drugs') }}
union all
{{ statement_of('terms', 'term', 'all', "'all'", 'terms') }}
union all
{{ statement_of('newtech', 'technology', 'all', "'all'", 'technologies', parent="if(technology <> 'all', 'newtech|all|all|all', null)", family="'technologies'") }}
union all
{{ statement_of('newtech', 'technology', 'feeling', feeling(), 'technologies', parent="if(technology <> 'all', 'newtech|all|feeling|' || " ~ feeling() ~ ", null)", family="'technologies'") }}
union all
{{ statement_of('rumours', 'claim_key', 'all', "'all'", 'claims') }}
