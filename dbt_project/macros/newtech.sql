{#
    What a post feels about a technology, by its whole tone: pleased is hope, displeased is fear, both is torn. Who asks or wishes without
    either is interested; the rest tell of it.
#}
{% macro feeling() -%}
    case
        when sentiment = 'pos' then 'hope' when sentiment = 'neg' then 'fear' when sentiment = 'mixed' then 'torn'
        when intent in ('question', 'request') then 'interest' else 'neutral'
    end
{%- endmacro %}
