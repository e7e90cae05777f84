{#
    The publication rule's numbers and the rates that obey it. Counts themselves are hidden in one place,
    `int_published`, which every mart reads; what a mart computes from them is null where one of them is.
#}
{% macro k_of(is_sensitive) -%}
    {%- set k = var('k_anonymity') | int -%}
    {%- set k_sensitive = var('k_sensitive') | int -%}
    {%- if k < 10 or k_sensitive < 20 or k_sensitive < k -%}
        {%- do exceptions.raise_compiler_error('publication rule: k_anonymity is at least 10, k_sensitive at least 20 and not below it') -%}
    {%- endif -%}
    case when {{ is_sensitive }} then {{ k_sensitive }} else {{ k }} end
{%- endmacro %}

{#
    Areas, after the rule of Japan's care and health insurance data: below 2,000 inhabitants nothing is shown, below 25,000 no cell of
    fewer than 20 people. Koe knows no area smaller than a prefecture; the rule holds for any that may come.
#}
{% macro least_population() -%} 2000 {%- endmacro %}

{% macro k_of_area(population) -%}
    case when {{ population }} < 25000 then {{ [20, var('k_anonymity') | int] | max }} else 0 end
{%- endmacro %}

{# part / whole, null where one is hidden or the rest is a group of 1 to k-1. #}
{% macro safe_share(part, whole, k) -%}
    case
        when {{ part }} is null or {{ whole }} is null or {{ whole }} = 0 then null
        when abs({{ whole }} - {{ part }}) between 1 and {{ k }} - 1 then null
        when {{ part }} between 1 and {{ k }} - 1 then null
        else {{ part }} / {{ whole }}::double
    end
{%- endmacro %}

{# One end of Wilson's 95 % interval of part / whole: sign is '+' or '-'. Null below k of the whole. #}
{% macro wilson(part, whole, sign, k) -%}
    case when {{ whole }} >= {{ k }} and {{ part }} is not null then
        greatest(0, least(1, (
            {{ part }} / {{ whole }}::double + 1.96 ^ 2 / (2 * {{ whole }})
            {{ sign }} 1.96 * sqrt(
                ({{ part }} / {{ whole }}::double) * (1 - {{ part }} / {{ whole }}::double) / {{ whole }} + 1.96 ^ 2 / (4.0 * {{ whole }} ^ 2)
            )
        ) / (1 + 1.96 ^ 2 / {{ whole }})))
    end
{%- endmacro %}
