{# Own shares of displeased writers beside the national survey's. Writers are no sample of patients: compare the change. #}
with themes as (

    select
        c.period_on, c.entity, c.name, c.class, c.voice_class, t.survey_item, t.topic,
        c.breakdown, c.value, c.authors, c.is_suppressed, c.k
    from {{ published_cells('themes', ['month']) }} as c
    inner join {{ ref('themes') }} as t on c.d1 = t.code
    where t.survey_item is not null and c.class = 'own' and c.voice_class = 'patient_voice'

),

own as (

    select
        period_on, entity, name, class, voice_class, survey_item, topic,
        max(k) as k,
        {{ one_cell('all', 'all') }} as authors,
        {{ one_cell('polarity', 'neg') }} as negative_authors,
        bool_or(is_suppressed) filter (where breakdown = 'all') as is_suppressed
    from themes
    group by period_on, entity, name, class, voice_class, survey_item, topic

)

select
    c.period_on as month_on,
    {{ entity_columns() }},
    b.item as survey_item,
    b.setting_ja,
    b.ja as survey_item_ja,
    b.survey_ja,
    c.voice_class,
    c.authors,
    c.negative_authors,
    round(100 * {{ safe_share('c.negative_authors', 'c.authors', 'c.k') }}, 1) as negative_percent,
    b.dissatisfied_percent::double as survey_dissatisfied_percent,
    coalesce(q.is_reference_only, true) as is_reference_only,
    c.is_suppressed,
    'internal_only' as permitted_use
from own as c
inner join {{ ref('benchmark_jyuryo') }} as b on c.survey_item = b.item
left join {{ ref('int_label_quality') }} as q on c.topic = q.topic
