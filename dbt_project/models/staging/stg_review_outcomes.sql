select post_key, queue, posted_on, arrived_on, entities, topics, voice_class, drugs, claim_key, status, reviewers
from {{ staging_files('../restricted/outcomes/*.parquet', {
    'post_key': 'varchar', 'queue': 'varchar', 'posted_on': 'date', 'arrived_on': 'date', 'entities': 'varchar[]',
    'topics': 'varchar[]', 'voice_class': 'varchar', 'drugs': 'varchar[]', 'claim_key': 'varchar', 'status': 'varchar',
    'reviewers': 'integer'
}) }}
