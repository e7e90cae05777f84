with cells as (

    select
        grain,
        period_on,
        entity,
        name,
        class,
        peer_set,
        voice_class,
        max(k) as k,
        {{ one_cell('all', 'all') }} as authors,
        {{ one_cell('all', 'all', 'posts') }} as posts,
        bool_or(is_suppressed) filter (where breakdown = 'all') as is_suppressed,
        {{ one_cell('sentiment', 'pos') }} as positive_authors,
        {{ one_cell('sentiment', 'neg') }} as negative_authors,
        {{ one_cell('sentiment', 'neu') }} as neutral_authors,
        {{ one_cell('sentiment', 'mixed') }} as mixed_authors,
        {{ one_cell('recommendation', 'recommend') }} as recommend_authors,
        {{ one_cell('recommendation', 'avoid') }} as avoid_authors,
        {{ one_cell('rated', 'rated') }} as rated_authors,
        {{ one_cell('rated', 'rated', 'amount') }} as stars,
        {{ one_cell('rated', 'rated', 'amounts') }} as ratings
    from {{ published_cells('reputation') }}
    group by grain, period_on, entity, name, class, peer_set, voice_class

),

peers as (

    select grain, period_on, entity, voice_class, authors
    from {{ published_cells('peers') }}

),

judged as (

    select
        c.*,
        p.authors as peer_authors,
        c.positive_authors + c.negative_authors as judging_authors,
        c.positive_authors + c.negative_authors + c.neutral_authors + c.mixed_authors as speaking_authors
    from cells as c
    left join peers as p
        on c.grain = p.grain and c.period_on = p.period_on and c.voice_class = p.voice_class
        and 'peers:' || c.peer_set = p.entity

)

select
    c.grain,
    c.period_on,
    {{ entity_columns() }},
    c.voice_class,
    c.authors,
    c.posts,
    c.positive_authors,
    c.negative_authors,
    c.neutral_authors,
    c.mixed_authors,
    case when judging_authors >= k
        then round(100.0 * (positive_authors - negative_authors) / judging_authors, 1) end as net_sentiment,
    case when judging_authors >= k and speaking_authors > 0
        then round(100.0 * (positive_authors - negative_authors) / speaking_authors, 1) end as net_sentiment_of_all,
    round({{ safe_share('positive_authors', 'judging_authors', 'k') }}, 4) as positive_share,
    round({{ wilson('positive_authors', 'judging_authors', '-', 'k') }}, 4) as positive_share_low,
    round({{ wilson('positive_authors', 'judging_authors', '+', 'k') }}, 4) as positive_share_high,
    c.recommend_authors,
    c.avoid_authors,
    case when authors > 0 then
        round(100 * ({{ safe_share('recommend_authors', 'authors', 'k') }} - {{ safe_share('avoid_authors', 'authors', 'k') }}), 1)
    end as recommendation_balance,
    c.rated_authors,
    case when rated_authors >= k then round(stars / ratings, 1) end as mean_stars,
    round({{ safe_share('authors', 'peer_authors', 'k') }}, 4) as share_of_voice,
    case when {{ safe_share('authors', 'peer_authors', 'k') }} is not null
        then round({{ wilson('authors', 'peer_authors', '-', 'k') }}, 4) end as share_of_voice_low,
    case when {{ safe_share('authors', 'peer_authors', 'k') }} is not null
        then round({{ wilson('authors', 'peer_authors', '+', 'k') }}, 4) end as share_of_voice_high,
    c.is_suppressed,
    'internal_only' as permitted_use
from judged as c
