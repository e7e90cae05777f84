-- depends_on: {{ ref('int_published') }} {{ ref('int_source_days') }} {{ ref('int_review_weeks') }} {{ ref('int_official_weeks') }}

{# Written last: a run that fails before leaves its days open for the next. #}
select arrived_on, posted_on, posts, verdicts
from {{ ref('int_open_days') }}
where posts > 0
