select
    c.period_on as month_on,
    {{ entity_columns() }},
    split_part(c.d1, ':', 1) as segment,
    split_part(c.d1, ':', 2) as segment_value,
    c.value as sentiment,
    c.voice_class,
    c.authors,
    c.posts,
    c.is_suppressed,
    'internal_only' as permitted_use
from {{ published_cells('segments') }} as c
