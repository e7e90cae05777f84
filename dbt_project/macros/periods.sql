{#
    Weeks begin on Monday. A month is made of whole weeks: the month of a week is the one that its Thursday lies in.
    Days add up to weeks and weeks to months without a remainder, so that no difference of published totals speaks of
    an unpublished handful of days.
#}
{% macro week_of(day) -%} date_trunc('week', {{ day }})::date {%- endmacro %}
{% macro month_of(day) -%} date_trunc('month', date_trunc('week', {{ day }}) + interval 3 day)::date {%- endmacro %}

{# The Monday on which a month (given by its first day) begins: of the week that its first Thursday lies in. #}
{% macro month_begins(first_day) -%} (date_trunc('week', {{ first_day }} + interval 3 day)::date) {%- endmacro %}
