select distinct {{ month_of('posted_on') }} as month_on
from {{ ref('int_open_days') }}
where is_open
