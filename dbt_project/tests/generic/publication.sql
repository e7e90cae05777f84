{# Gate 2: what no mart may hold. Each is of error severity and runs in the build that makes the marts. #}

{# No number of people from 1 to k-1, and none at all beside `is_suppressed`. `counts`: the columns that count people. #}
{% test k_anonymous(model, counts) %}
    {%- set k = var('k_anonymity') | int %}
    select 1 as violation
    from {{ model }}
    where false
    {%- for column in counts %}
        or {{ column }} between 1 and {{ k }} - 1
        or {{ column }} < 0
    {%- endfor %}
    {%- if 'authors' in counts %}
        or (is_suppressed and authors is not null)
        or (not is_suppressed and authors is null)
    {%- endif %}
{% endtest %}

{# No column that could hold a text, an address on the net, a key or an account, and no value that looks like one. #}
{% test no_text_or_key_columns(model) %}
    {%- set forbidden = '(^|_)(text|body|content|quote|url|uri|link|key|hash|hmac|handle|account|author_id|post_id|user|username|email|phone|token)$' %}
    {%- set columns = adapter.get_columns_in_relation(model) if execute else [] %}
    select 'column' as violation
    from (select unnest([{% for c in columns %}'{{ c.name | lower }}'{{ ',' if not loop.last }}{% endfor %}]::varchar[]) as name)
    where regexp_matches(name, '{{ forbidden }}')
    union all
    select 'value' as violation
    from {{ distinct_texts(model, columns) }}
    where length(value) > 200
        or regexp_matches(value, '[0-9a-fA-F]{16,}|https?://|@[A-Za-z0-9_]{3,}')
    {%- for c in columns if c.dtype | upper not in ('VARCHAR', 'TEXT', 'DATE', 'BOOLEAN', 'DOUBLE', 'BIGINT', 'INTEGER') %}
    union all
    select 'type {{ c.dtype | replace("'", "") }}' as violation
    {%- endfor %}
{% endtest %}

{# Each row speaks of one voice class. #}
{% test voice_class_not_mixed(model) %}
    select 1 as violation
    from {{ model }}
    where voice_class is null
        or voice_class not in ('patient_voice', 'hcp_personal', 'official', 'media', 'public')
{% endtest %}

{# Nothing tells a time within a day. #}
{% test day_is_finest(model) %}
    {%- set columns = adapter.get_columns_in_relation(model) if execute else [] %}
    select 1 as violation
    where false
    {%- for c in columns if 'TIME' in c.dtype | upper or 'INTERVAL' in c.dtype | upper %}
        or true
    {%- endfor %}
    union all
    select 1 as violation
    from {{ distinct_texts(model, columns) }}
    where regexp_matches(value, '[0-2][0-9]:[0-5][0-9]')
{% endtest %}

{# The columns together name a row. #}
{% test unique_rows(model, columns) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    group by all
    having count(*) > 1
{% endtest %}

{# Values of a column are known codes of a seed. #}
{% test known_codes(model, column_name, seed, also=[]) %}
    select {{ column_name }}
    from {{ model }}
    where {{ column_name }} not in (select code from {{ ref(seed) }})
    {%- for code in also %} and {{ column_name }} <> '{{ code }}'{% endfor %}
{% endtest %}

{# Staging holds labels and keys: a column of words, or a value as long as a post, does not belong there. #}
{% test no_words(model) %}
    {%- set columns = adapter.get_columns_in_relation(model) if execute else [] %}
    {%- set written = written_in_window() if 'posted_on' in columns | map(attribute='name') else 'true' %}
    select 1 as violation
    where false
    {%- for c in columns if c.name | lower in ('text', 'body', 'content', 'title', 'author_name', 'place_name') %}
        or true
    {%- endfor %}
    {#- One scan of all columns: the model is a view over files. #}
    union all
    select 1 as violation from {{ model }}
    where {{ written }} and (
        false
        {%- for c in columns if c.dtype | upper == 'VARCHAR' %}
        or length({{ c.name }}) > 128
        {%- endfor %}
    )
{% endtest %}
