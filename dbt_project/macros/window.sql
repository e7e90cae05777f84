{# The arrival window of this run as SQL on a date, `true` where none is given. Other text than a day is refused. #}
{% macro in_arrival_window(column) -%}
    {%- set from = (var('arrived_from') or env_var('KOE_ARRIVED_FROM', '')) | string -%}
    {%- set to = (var('arrived_to') or env_var('KOE_ARRIVED_TO', '')) | string -%}
    {%- for day in (from, to) if day and not modules.re.fullmatch('[0-9]{4}-[0-9]{2}-[0-9]{2}', day) -%}
        {%- do exceptions.raise_compiler_error('arrival window: a day is written YYYY-MM-DD') -%}
    {%- endfor -%}
    {%- if (from | length > 0) != (to | length > 0) -%}
        {%- do exceptions.raise_compiler_error('arrival window: give both ends or none') -%}
    {%- endif -%}
    {%- if from -%} ({{ column }} between date '{{ from }}' and date '{{ to }}') {%- else -%} true {%- endif -%}
{%- endmacro %}

{# Empties the months that this run computes anew, in the transaction that writes them. #}
{% macro forget_open_months() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where month_on in (select month_on from {{ ref('int_open_months') }})
    {%- else -%}
        select 1
    {%- endif -%}
{%- endmacro %}

{#
    A range of literal days around the open months. `posted_on` is a key of the window in stg_posts, so the range passes
    through it down to the files' statistics and a night reads the months that it counts, not the whole history.
#}
{% macro within_open_range(column) -%}
    {%- set months = load_relation(ref('int_open_months')) if execute else none -%}
    {%- if months -%}
        {%- set range = run_query('select min(month_on) - 6, max(month_on) + 37 from ' ~ months).rows[0] -%}
        {%- if range[0] is none -%} false
        {%- else -%} {{ column }} between date '{{ range[0] }}' and date '{{ range[1] }}'
        {%- endif -%}
    {%- else -%} true
    {%- endif -%}
{%- endmacro %}

{#
    The days of writing that this run's arrivals hold, as SQL on `posted_on`; `true` where no window is given. Tests of staging look
    there: what lies behind was looked at when it arrived.
#}
{% macro written_in_window() -%}
    {%- set window = in_arrival_window('arrived_on') | trim -%}
    {%- if window == 'true' or not execute -%} true
    {%- else -%}
        {%- set range = run_query(
            'select min(posted_on), max(posted_on) from '
            ~ staging_files('classified/*/*.parquet', {'arrived_on': 'date', 'posted_on': 'date'}) ~ ' where ' ~ window
        ).rows[0] -%}
        {%- if range[0] is none -%} posted_on is null
        {%- else -%} (posted_on is null or posted_on between date '{{ range[0] }}' and date '{{ range[1] }}')
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# dbt's own, but for the word `written_in_window` as a whole condition: a test's configuration may call no macro. #}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {%- if not where -%} {%- do return(relation) -%} {%- endif -%}
    {%- set condition = written_in_window() if where == 'written_in_window' else where -%}
    {%- do return('(select * from ' ~ relation ~ ' where ' ~ condition ~ ') as dbt_subquery') -%}
{%- endmacro %}
