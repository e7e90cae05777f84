{#- Which days of writing this run computes anew: those that the arrival window wrote to, now or at the last run, and
    those that no finished run has counted. `int_counted_days` is read as the last run left it; it is not a parent,
    because it is written after everything that depends on this model. -#}
{%- set counted = adapter.get_relation(this.database, this.schema, 'int_counted_days') if execute else none -%}
{%- set from_scratch = flags.FULL_REFRESH or counted is none -%}

with arrived as (

    select arrived_on, posted_on, count(*) as posts
    from {{ staging_files('classified/*/*.parquet', {'arrived_on': 'date', 'posted_on': 'date'}) }}
    group by all

),

counted as (

    select arrived_on, posted_on, posts
    from {% if from_scratch %} (select * from arrived where false) {% else %} {{ counted }} {% endif %}

)

select
    coalesce(a.arrived_on, c.arrived_on) as arrived_on,
    coalesce(a.posted_on, c.posted_on) as posted_on,
    coalesce(a.posts, 0) as posts,
    {% if from_scratch %} true {% else %}
    a.posts is distinct from c.posts or {{ in_arrival_window('coalesce(a.arrived_on, c.arrived_on)') }}
    {% endif %} as is_open
from arrived as a
full join counted as c on a.arrived_on = c.arrived_on and a.posted_on = c.posted_on
