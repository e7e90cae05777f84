select
    entity_id as entity, class, name, prefecture, peer_set
from {{ staging_files('config/entities.parquet', {
    'entity_id': 'varchar', 'class': 'varchar', 'name': 'varchar', 'prefecture': 'varchar', 'peer_set': 'varchar'
}) }}
