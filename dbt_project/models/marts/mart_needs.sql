{#
    What people ask and wish, and whether anybody who knows spoke of it in the same period: the organisation's own accounts,
    professionals who share information.

    The score of the information void (after WHO's volume, velocity, questions), from published numbers alone: z of how many speak of
    the topic, of how much faster they ask than in the period before, of the questions' share, less z of the answers; each z over the
    published questions of the same period and voice. A hidden number of the period before counts as the largest that it may be.
#}
with official as (

    select 'week' as grain, week_on as period_on, entity, topic, sum(posts) as posts
    from {{ ref('int_official_weeks') }} group by all
    union all
    select 'month' as grain, month_on as period_on, entity, topic, sum(posts) as posts
    from {{ ref('int_official_weeks') }} group by all

),

topics as (

    select * from {{ published_cells('topics', ['week', 'month'], ['all', 'intent']) }}

),

first_period as (

    select grain, min(period_on) as period_on from topics group by all

),

needs as (

    select
        c.*,
        a.authors as topic_authors,
        i.authors as professional_authors,
        coalesce(o.posts, 0)::bigint as official_posts,
        case when c.period_on > f.period_on then
            ln((c.authors + 1.0) / (case when b.is_suppressed then c.k - 1 else coalesce(b.authors, 0) end + 1.0))
        end as velocity
    from topics as c
    inner join first_period as f on c.grain = f.grain
    left join topics as a
        on c.grain = a.grain and c.period_on = a.period_on and c.entity = a.entity and c.d1 = a.d1
        and c.voice_class = a.voice_class and a.breakdown = 'all'
    left join topics as b
        on c.grain = b.grain and c.entity = b.entity and c.d1 = b.d1 and c.voice_class = b.voice_class
        and c.value = b.value
        and b.period_on = if(c.grain = 'week', c.period_on - 7, (c.period_on - interval 1 month)::date)
    left join topics as i
        on c.grain = i.grain and c.period_on = i.period_on and c.entity = i.entity and c.d1 = i.d1
        and i.voice_class = 'hcp_personal' and i.value = 'information'
    left join official as o
        on c.grain = o.grain and c.period_on = o.period_on and c.entity = o.entity and c.d1 = o.topic
    where c.breakdown = 'intent' and c.value in ('question', 'request')

),

shares as (

    select
        *,
        {{ safe_share('authors', 'topic_authors', 'k') }} as share,
        ln(1.0 + coalesce(topic_authors, authors)) as volume,
        ln(1.0 + official_posts + coalesce(professional_authors, 0)) as answers,
        value = 'question' and authors > 0 as is_asked
    from needs

),

scores as (

    select
        *,
        case when is_asked and count(*) over of_period >= 3 then
            {{ z_score('volume', 'of_period') }} + {{ z_score('velocity', 'of_period') }}
            + {{ z_score('share', 'of_period') }} - {{ z_score('answers', 'of_period') }}
        end as void_score
    from shares
    window of_period as (partition by grain, period_on, voice_class, is_asked)

)

select
    c.grain,
    c.period_on,
    {{ entity_columns() }},
    c.d1 as topic,
    coalesce(t.ja, c.d1) as topic_ja,
    c.value as intent,
    c.voice_class,
    c.authors,
    c.posts,
    c.official_posts,
    c.professional_authors,
    round(c.share, 4) as share_of_topic,
    c.value = 'question' and c.authors >= c.k and c.official_posts = 0 as is_information_void,
    round(c.void_score, 2) as void_score,
    coalesce(q.is_reference_only, true) as is_reference_only,
    c.is_suppressed,
    'internal_only' as permitted_use
from scores as c
left join {{ ref('topics') }} as t on c.d1 = t.code
left join {{ ref('int_label_quality') }} as q on c.d1 = q.topic
