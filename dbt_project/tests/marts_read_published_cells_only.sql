{# Marts see numbers of people only after the publication rule: none reads a table that stands before it, but for those
   named here, which hold no people or publish an outcome only. #}
{%- set allowed = {
    'mart_solicited_reviews': ['int_review_weeks'],
    'mart_presence': ['int_official_weeks'],
    'mart_needs': ['int_official_weeks'],
    'mart_quality': ['stg_run_facts', 'int_source_days', 'stg_label_scores'],
    'mart_rumours': ['stg_review_outcomes'],
    'mart_source_health': ['int_source_health'],
    'mart_alerts': ['int_alerts'],
    'mart_alert_days': ['int_alerts'],
    'mart_disproportionality': ['int_disproportionality'],
    'mart_terms': ['int_terms'],
    'mart_strengths': ['int_strengths'],
    'mart_measures': ['int_measures', 'stg_actions', 'int_source_days'],
} -%}
{%- set wrong = [] -%}
{%- if execute -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.schema == 'marts' -%}
        {%- for parent in node.depends_on.nodes if parent.startswith('model.') -%}
            {%- set name = parent.split('.')[-1] -%}
            {%- if name not in ['int_published', 'stg_entities', 'int_label_quality'] + allowed.get(node.name, []) -%}
                {%- do wrong.append(node.name ~ ' reads ' ~ name) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endif -%}
select unnest([{% for w in wrong %}'{{ w }}'{{ ',' if not loop.last }}{% endfor %}]::varchar[]) as violation
