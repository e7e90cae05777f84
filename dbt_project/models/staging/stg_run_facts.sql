select arrived_on, source, fact, value
from {{ staging_files('facts/*/*.parquet', {
    'arrived_on': 'date', 'source': 'varchar', 'fact': 'varchar', 'value': 'double'
}) }}
