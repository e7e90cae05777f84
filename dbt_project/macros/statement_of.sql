{# Rows of `relation` as statements of one kind: see int_statements. d1, value, parent, family and amount are SQL. #}
{% macro statement_of(mart, d1, breakdown, value, relation, parent='null', family='null', amount='null') -%}
select
    '{{ mart }}' as mart, {{ d1 }} as d1, '{{ breakdown }}' as breakdown, {{ value }} as value,
    {{ parent }} as parent, {{ family }} as family,
    entity, voice_class, posted_on, week_on, month_on, source, key_id, author, cluster, is_sensitive,
    ({{ amount }})::double as amount
from {{ relation }}
{%- endmacro %}
