{# Nouns that enough people have said in one week: the only ones that have a name here. #}
select noun, word, first_week_on
from {{ staging_files('terms/words.parquet', {'noun': 'bigint', 'word': 'varchar', 'first_week_on': 'date'}) }}
