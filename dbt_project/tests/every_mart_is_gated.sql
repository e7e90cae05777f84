{# A mart without the four tests of the publication rule is an error, so that none is forgotten. Marts of the pipeline
   and of organisations' own accounts count no people: they say so in their meta (counts: pipeline, counts: accounts). Nor may a
   mart lack a version (docs/marts.md): readers build on it. #}
{%- set missing = [] -%}
{%- if execute -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.schema == 'marts' -%}
        {%- set tests = [] -%}
        {%- for test in graph.nodes.values() if test.resource_type == 'test' and test.attached_node == node.unique_id and test.test_metadata and test.config.severity | lower == 'error' and test.config.enabled -%}
            {%- do tests.append(test.test_metadata.name) -%}
        {%- endfor -%}
        {%- set needed = ['no_text_or_key_columns', 'day_is_finest'] -%}
        {%- if node.config.meta.get('counts') not in ('pipeline', 'accounts') -%}
            {%- set needed = needed + ['k_anonymous', 'voice_class_not_mixed'] -%}
        {%- endif -%}
        {%- if not node.config.meta.get('version') -%}
            {%- do missing.append(node.name ~ ' lacks a version in its meta') -%}
        {%- endif -%}
        {%- for name in needed if name not in tests -%}
            {%- do missing.append(node.name ~ ' lacks ' ~ name) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endif -%}
select unnest([{% for m in missing %}'{{ m }}'{{ ',' if not loop.last }}{% endfor %}]::varchar[]) as violation
