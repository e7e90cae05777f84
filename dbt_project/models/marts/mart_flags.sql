select
    c.grain,
    c.period_on,
    {{ entity_columns() }},
    c.d1 as flag,
    case c.d1
        when 'adverse_event' then '有害事象の疑い'
        when 'misinformation' then '誤情報の疑い'
        when 'crisis' then '危機・炎上'
        when 'testimonial' then '体験談'
        when 'ad_claim' then '広告規制に触れる表現'
        when 'distress' then '書き手の切迫'
        when 'named_attack' then '名指しの非難'
        else c.d1
    end as flag_ja,
    c.voice_class,
    c.authors,
    c.posts,
    c.is_suppressed,
    'internal_only' as permitted_use
from {{ published_cells('flags') }} as c
