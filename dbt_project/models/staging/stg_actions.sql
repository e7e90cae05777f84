{# Measures of the ledger, those that were taken out left behind. #}
select
    action, entity, topics, themes, control_topics, control_entities, start_on, ramp_days, description, expected_direction,
    registered_on, owner, edited_on,
    registered_on <= start_on and coalesce(edited_on <= start_on, true) as is_preregistered
from {{ staging_files('config/actions.parquet', {
    'action': 'varchar', 'entity': 'varchar', 'topics': 'varchar[]', 'themes': 'varchar[]', 'control_topics': 'varchar[]',
    'control_entities': 'varchar[]', 'start_on': 'date', 'ramp_days': 'integer', 'description': 'varchar',
    'expected_direction': 'varchar', 'registered_on': 'date', 'owner': 'varchar', 'edited_on': 'date', 'is_current': 'boolean'
}) }}
where is_current
