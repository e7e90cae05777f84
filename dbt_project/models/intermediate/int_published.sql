{{ config(materialized='incremental', incremental_strategy='append', pre_hook="{{ forget_open_months() }}") }}
-- depends_on: {{ ref('int_open_months') }}

{# Every cell that any mart shows. Hidden numbers are null here already, so no mart can show one. #}
select * from {{ ref('int_masked_cells') }}
