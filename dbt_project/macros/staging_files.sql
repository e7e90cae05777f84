{#
    What the assets before dbt leave below KOE_HOME/staging. A zone that holds nothing yet reads as an empty table of
    the right columns, so that a first run, or a run without run facts, builds everything and finds nothing.
    `file_row_number` (a row's place in its file) may be asked for like a column. A column that a file of an earlier version lacks is empty
    in its rows.
#}
{% macro staging_files(pattern, columns) -%}
    {%- set path = env_var('KOE_HOME') ~ '/staging/' ~ pattern -%}
    {%- set found = 0 -%}
    {%- if execute -%}
        {%- set found = run_query("select count(*) from glob('" ~ path | replace("'", "''") ~ "')").columns[0].values()[0] -%}
    {%- endif -%}
    {%- if found -%}
        {# The day of arrival is a column of the files; the folder's name would only repeat it. #}
        (select {{ columns.keys() | join(', ') }} from read_parquet('{{ path | replace("'", "''") }}', hive_partitioning = false, union_by_name = true, file_row_number = {{ 'file_row_number' in columns }}))
    {%- else -%}
        (select
            {%- for name, type in columns.items() %} null::{{ type }} as {{ name }}{{ ',' if not loop.last }}{% endfor %} where false)
    {%- endif -%}
{%- endmacro %}
