{{ config(materialized='view') }}

{# Suspected events of patients and families by medicine and month, before suppression: what disproportionality is computed from. #}
select c.period_on as month_on, c.d1 as drug, c.value as event, c.authors, c.k, p.is_suppressed
from {{ ref('int_cells') }} as c
inner join {{ ref('int_published') }} as p using (mart, grain, period_on, entity, voice_class, d1, breakdown, value)
where c.mart = 'safety' and c.grain = 'month' and c.breakdown = 'event' and c.voice_class = 'patient_voice'
