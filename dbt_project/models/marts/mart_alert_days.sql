{# What each day came to for each entity. A day is only called clear where everything was heard and something could have been seen. #}
select
    c.period_on as posted_on,
    {{ entity_columns() }},
    'patient_voice' as voice_class,
    c.tier as status,
    case c.tier
        when 'alert' then '警報あり'
        when 'alert_hidden' then '警報あり(数は非公表)'
        when 'learning' then '学習中'
        when 'inconclusive' then '判定保留'
        when 'low_power' then '検出力不足'
        else '警報なし'
    end as status_ja,
    c.alerts,
    c.method,
    c.silent_sources
from (
    select a.*, e.name, e.class
    from {{ ref('int_alerts') }} as a
    inner join {{ ref('stg_entities') }} as e on a.entity = e.entity
    where a.kind = 'entity'
) as c
