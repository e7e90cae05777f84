select measured_on, model_version, field, label, labelled_posts, label_precision, label_recall, f1
from {{ staging_files('quality/labels.parquet', {
    'measured_on': 'date', 'model_version': 'varchar', 'field': 'varchar', 'label': 'varchar', 'labelled_posts': 'bigint',
    'label_precision': 'double', 'label_recall': 'double', 'f1': 'double'
}) }}
