select entity, topic, first_on, last_on
from {{ staging_files('config/events.parquet', {
    'entity': 'varchar', 'topic': 'varchar', 'first_on': 'date', 'last_on': 'date'
}) }}
