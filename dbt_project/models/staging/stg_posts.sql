{#- The newest version of a post wins: of the latest arrival, and within one day the one written last into its file. A post keeps its day of writing through all its versions, so the window runs
    within a day and a filter on days reaches the files. -#}
with versions as (

    select *
    from {{ staging_files('classified/*/*.parquet', {
        'post_key': 'varchar', 'author_key': 'varchar', 'key_id': 'varchar', 'source': 'varchar',
        'arrived_on': 'date', 'posted_on': 'date', 'posted_at_jst': 'timestamp', 'rating': 'tinyint',
        'author_official': 'boolean', 'entities': 'varchar[]', 'cluster_key': 'varchar', 'relevant': 'boolean', 'sentiment': 'varchar',
        'topics': 'varchar[]', 'aspects': 'struct(theme varchar, topic varchar, polarity tinyint)[]',
        'speaker': 'varchar', 'voice_class': 'varchar', 'intent': 'varchar', 'flags': 'varchar[]',
        'ae': 'struct(drug varchar, event varchar, event_pt varchar, serious boolean, negated boolean, feared boolean, asked boolean, about varchar, has_patient boolean, has_reporter boolean, has_drug boolean, has_event boolean)[]',
        'criticality': 'tinyint', 'care_setting': 'varchar', 'stage_of_care': 'varchar', 'department': 'varchar',
        'prefecture': 'varchar', 'sensitive_category': 'varchar', 'review_reasons': 'varchar[]',
        'confidence': 'float', 'claim_key': 'varchar', 'terms': 'varchar[]', 'conditions': 'varchar[]', 'nouns': 'bigint[]',
        'file_row_number': 'bigint'
    }) }}

)

select
    * exclude (file_row_number),
    min(arrived_on) over (partition by posted_on, post_key) as first_arrived_on
from versions
qualify row_number() over (partition by posted_on, post_key order by arrived_on desc, file_row_number desc) = 1
