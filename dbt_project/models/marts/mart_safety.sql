select
    c.grain,
    c.period_on,
    c.d1 as drug,
    c.breakdown,
    c.value as breakdown_value,
    c.voice_class,
    c.authors,
    c.posts,
    c.is_suppressed,
    '{{ webradr_caution() }}' as caution_ja,
    'internal_only' as permitted_use
from {{ published_cells('safety') }} as c
