{{ config(materialized='view') }}

{#-
    Complaints of patients and families by day and week, as the alerts read them: by topic, and by theme in weeks. Medicines and
    devices are left out: a surge of harm by a product is for mart_safety, with its caution, and no alert says it.
-#}
with complaints as (

    select
        c.grain, c.period_on, c.entity, c.voice_class,
        case c.mart when 'topics' then 'topic' else 'theme' end as kind,
        c.d1 as subject,
        case c.mart when 'topics' then c.d1 else coalesce(t.topic, 'other') end as topic,
        c.authors,
        c.k,
        c.sources,
        p.is_suppressed
    from {{ ref('int_cells') }} as c
    inner join {{ ref('int_published') }} as p
        using (mart, grain, period_on, entity, voice_class, d1, breakdown, value)
    inner join {{ ref('stg_entities') }} as e on c.entity = e.entity and e.class <> 'product'
    left join {{ ref('themes') }} as t on c.d1 = t.code
    where c.voice_class = 'patient_voice'
        and (
            c.mart = 'topics' and c.breakdown = 'sentiment' and c.value = 'neg' and c.grain in ('day', 'week')
            or c.mart = 'complaints' and c.breakdown = 'all' and c.grain = 'week'
        )

),

spoken as (

    select
        grain, period_on, entity, voice_class, case mart when 'topics' then 'topic' else 'theme' end as kind, d1,
        c.authors, p.is_suppressed
    from {{ ref('int_cells') }} as c
    inner join {{ ref('int_published') }} as p
        using (mart, grain, period_on, entity, voice_class, d1, breakdown, value)
    where mart in ('topics', 'themes') and breakdown = 'all' and voice_class in ('patient_voice', 'media')

)

select
    c.* exclude (voice_class),
    coalesce(s.authors, c.authors) as all_authors,
    coalesce(s.is_suppressed, true) as all_suppressed,
    m.authors is not null as is_media
from complaints as c
left join spoken as s
    on c.grain = s.grain and c.period_on = s.period_on and c.entity = s.entity and c.kind = s.kind and c.subject = s.d1
    and s.voice_class = c.voice_class
left join spoken as m
    on c.grain = m.grain and c.period_on = m.period_on and c.entity = m.entity and m.kind = 'topic' and c.topic = m.d1
    and m.voice_class = 'media'
