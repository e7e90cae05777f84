{#- Which days of writing this run computes anew: those that the arrival window wrote to, now or at the last run, and
    those that no finished run has counted, or of which reviewers have said something since. `int_counted_days` is read as the last run left it; it is not a parent,
    because it is written after everything that depends on this model. -#}
{%- set counted = adapter.get_relation(this.database, this.schema, 'int_counted_days') if execute else none -%}
{%- set known = adapter.get_columns_in_relation(counted) | map(attribute='name') | list if counted else [] -%}
{%- set from_scratch = flags.FULL_REFRESH or 'verdicts' not in known -%}

with versions as (

    select arrived_on, posted_on, count(*) as posts
    from {{ staging_files('classified/*/*.parquet', {'arrived_on': 'date', 'posted_on': 'date'}) }}
    group by all

),

judged as (

    select arrived_on, posted_on, bit_xor(hash(queue, post_key, status)) as verdicts
    from {{ ref('stg_review_outcomes') }}
    group by all

),

arrived as (

    select v.*, coalesce(j.verdicts, 0)::ubigint as verdicts
    from versions as v
    left join judged as j on v.arrived_on = j.arrived_on and v.posted_on = j.posted_on

),

counted as (

    select arrived_on, posted_on, posts, verdicts
    from {% if from_scratch %} (select * from arrived where false) {% else %} {{ counted }} {% endif %}

)

select
    coalesce(a.arrived_on, c.arrived_on) as arrived_on,
    coalesce(a.posted_on, c.posted_on) as posted_on,
    coalesce(a.posts, 0) as posts,
    coalesce(a.verdicts, 0)::ubigint as verdicts,
    {% if from_scratch %} true {% else %}
    a.posts is distinct from c.posts or a.verdicts is distinct from c.verdicts
    or {{ in_arrival_window('coalesce(a.arrived_on, c.arrived_on)') }}
    {% endif %} as is_open
from arrived as a
full join counted as c on a.arrived_on = c.arrived_on and a.posted_on = c.posted_on
