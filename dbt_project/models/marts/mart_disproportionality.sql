{# Pairs whose count mart_safety shows, with what disproportionality says of them. #}
select
    c.period_on as month_on,
    c.d1 as drug,
    c.value as event,
    c.voice_class,
    c.authors,
    d.prr,
    d.prr_low,
    d.ror,
    d.ror_low,
    d.ror_high,
    d.chi2_yates,
    d.ic,
    d.ic_low,
    d.signal_prr,
    d.signal_ror,
    d.signal_ic,
    c.is_suppressed,
    '{{ webradr_caution() }}' as caution_ja,
    'internal_only' as permitted_use
from {{ published_cells('safety', ['month'], ['event']) }} as c
inner join {{ ref('int_disproportionality') }} as d on c.period_on = d.month_on and c.d1 = d.drug and c.value = d.event
where c.voice_class = 'patient_voice'
