select
    c.grain,
    c.period_on,
    c.d1 as drug,
    c.breakdown,
    c.value as breakdown_value,
    c.voice_class,
    c.authors,
    c.posts,
    c.is_suppressed,
    'SNS投稿に基づく探索的な件数です。WEB-RADRは一般SNSでの統計的シグナル検出を推奨していません。分母は投稿であり患者ではなく、因果関係を示しません。' as caution_ja,
    'internal_only' as permitted_use
from {{ published_cells('safety') }} as c
