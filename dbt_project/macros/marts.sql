{# What several marts have in common. Each reads `int_published`, where the publication rule has been applied. #}

{% macro published_cells(mart, grains=none, breakdowns=none) -%}
(
    select c.*, e.name, e.class, e.peer_set
    from {{ ref('int_published') }} as c
    left join {{ ref('stg_entities') }} as e on c.entity = e.entity
    where c.mart = '{{ mart }}'
    {%- if grains %} and c.grain in ('{{ grains | join("', '") }}'){% endif %}
    {%- if breakdowns %} and c.breakdown in ('{{ breakdowns | join("', '") }}'){% endif %}
)
{%- endmacro %}

{% macro entity_columns(cell='c') -%}
    {{ cell }}.entity,
    coalesce({{ cell }}.name, '名指しなし') as entity_name,
    coalesce({{ cell }}.class, 'industry') as entity_class
{%- endmacro %}

{% macro topics_mart(grain, period) %}
select
    c.period_on as {{ period }},
    {{ entity_columns() }},
    c.d1 as topic,
    coalesce(t.ja, c.d1) as topic_ja,
    c.value as sentiment,
    c.voice_class,
    c.authors,
    c.posts,
    coalesce(q.is_reference_only, true) as is_reference_only,
    c.is_suppressed,
    'internal_only' as permitted_use
from {{ published_cells('topics', [grain], ['all', 'sentiment']) }} as c
left join {{ ref('topics') }} as t on c.d1 = t.code
left join {{ ref('int_label_quality') }} as q on c.d1 = q.topic
{% endmacro %}

{# One cell of a group as a column: its number, 0 where no row says otherwise, null where it is hidden. #}
{% macro one_cell(breakdown, value, measure='authors') -%}
    {%- set this_cell = "filter (where breakdown = '" ~ breakdown ~ "' and value = '" ~ value ~ "')" -%}
    case when count(*) {{ this_cell }} = 0 then 0 else max({{ measure }}) {{ this_cell }} end
{%- endmacro %}

{# What has to stand beside any number of suspected harm. #}
{% macro webradr_caution() -%}
    SNS投稿に基づく探索的な件数です。WEB-RADRは一般SNSでの統計的シグナル検出を推奨していません。分母は投稿であり患者ではなく、因果関係を示しません。
{%- endmacro %}

{# Each text of a mart once, whatever its column, as `value`: a label stands in many rows, and a pattern need see it once. #}
{% macro distinct_texts(model, columns) -%}
(
    {%- for c in columns if c.dtype | upper in ('VARCHAR', 'TEXT') %}
    select distinct {{ c.name }} as value from {{ model }}
    union all
    {%- endfor %}
    select null::varchar as value
)
{%- endmacro %}
