{#
    Distinct authors of each cell and period, as a lower bound: pseudonyms are comparable within one key only, so the count
    is exact within a key's scope, the largest of the scopes within a source, and the sum over sources.

    relation: one row a statement: cell, author, source, scope, cluster, is_sensitive, amount (numbers only: a year's
    statements are many), and the period. Rows of one post in one cell must be unique.
#}
{% macro count_authors(relation, period, where='true') %}
    select
        cell,
        period_on,
        sum(authors)::bigint as authors,
        sum(posts)::bigint as posts,
        sum(clusters)::bigint as clusters,
        count(*)::bigint as sources,
        sum(sensitive_posts)::bigint as sensitive_posts,
        sum(amount)::double as amount,
        sum(amounts)::bigint as amounts
    from (
        select
            cell, period_on, source,
            max(authors) as authors, sum(posts) as posts, sum(clusters) as clusters,
            sum(sensitive_posts) as sensitive_posts, sum(amount) as amount, sum(amounts) as amounts
        from (
            select
                cell, {{ period }} as period_on, source, scope,
                count(distinct author) as authors,
                count(*) as posts,
                count(distinct cluster) as clusters,
                count(*) filter (where is_sensitive) as sensitive_posts,
                sum(amount) as amount,
                count(amount) as amounts
            from {{ relation }}
            where {{ where }}
            group by all
        )
        group by all
    )
    group by all
{% endmacro %}
