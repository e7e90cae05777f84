{# How many standard deviations a value lies above the mean of its window; 0 where it is not known or all are alike. #}
{% macro z_score(value, window) -%}
    coalesce(({{ value }} - avg({{ value }}) over {{ window }}) / nullif(stddev_pop({{ value }}) over {{ window }}, 0), 0)
{%- endmacro %}
