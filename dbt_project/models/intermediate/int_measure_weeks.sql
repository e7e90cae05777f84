{{ config(materialized='view') }}

{# Complaints of patients and families by week, and all who speak of an entity, as the effects of measures read them. #}
select
    c.period_on as week_on,
    c.entity,
    case c.mart when 'topics' then 'topic' when 'complaints' then 'theme' else 'spoken' end as kind,
    c.d1 as subject,
    c.authors,
    p.is_suppressed
from {{ ref('int_cells') }} as c
inner join {{ ref('int_published') }} as p using (mart, grain, period_on, entity, voice_class, d1, breakdown, value)
where c.grain = 'week' and c.voice_class = 'patient_voice'
    and (
        c.mart = 'topics' and c.breakdown = 'sentiment' and c.value = 'neg'
        or c.mart in ('complaints', 'reputation') and c.breakdown = 'all'
    )
