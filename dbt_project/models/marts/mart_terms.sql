{# What more people speak of than before: words of the lexicons, and nouns that many said. From published numbers alone. #}
select
    week_on,
    voice_class,
    kind,
    term,
    authors,
    sources,
    usual_at_most,
    weeks_hidden,
    growth,
    growth_low,
    growth_high,
    z,
    q,
    terms_tested,
    trend,
    false as is_suppressed,
    'internal_only' as permitted_use
from {{ ref('int_terms') }}
