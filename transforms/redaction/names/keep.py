"""Names that stay: eponyms, brands, public figures, people of fiction.

Belongs here: lists, and how a span is compared with them.
Does not: facilities and diseases told by the word behind the name (`finder` reads those from `vocabulary`).

Public figures are listed by full name only: a family name alone is anybody's. People of fiction are kept by family
name, but only in a post that names their work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from transforms.redaction.names.vocabulary import words

EPONYMS: Final = words("""
    パーキンソン アルツハイマー バセドウ バセドー グレーブス メニエール ベーチェット シェーグレン ギラン ハンチントン
    クラインフェルター ホジキン アスペルガー トゥレット レイノー クッシング アジソン マルファン エーラス ダンロス ラムゼイ
    ヘバーデン ブシャール ドケルバン ケルバン カポジ ポンペ ファブリー ゴーシェ キャッスルマン ヒルシュスプルング ウェルニッケ
    コルサコフ ルーゲーリック シャルコー フォンレックリングハウゼン レックリングハウゼン プラダーウィリー アンジェルマン スティーブンス
    スティーブンスジョンソン クロイツフェルト ブルガダ フォンタン ペルテス オスグッド シュラッター セーバー
    キーンベック デュピュイトラン バージャー ビュルガー スティル ウェゲナー コケイン ウイルヒョウ ランゲルハンス メッケル マロリー
    ヘリコバクター ピロリ ボーエン パジェット ページェット ユーイング ウィルムス バーキット エプスタイン バー フォガティ クレペリン
    ロールシャッハ ビネー ウェクスラー カウプ ローレル ブリストル グラスゴー アプガー ビショップ ボルグ フリードライヒ シャイドレーガー
    クリップフェル アーノルド キアリ アルポート グッドパスチャー ヘノッホ シェーンライン シデナム レノックス ガストー ドラベ
    アキレス ヒポクラテス ナイチンゲール ジェンナー パスツール フレミング レントゲン キュリー セネガ
    """)
"""Names of people, most of them foreign, that have become names of diseases, tests and signs, and little else."""

EPONYMS_OR_PEOPLE: Final = words(
    "ジョンソン ジャクソン ベル ハント ウィルソン クラーク ヤコブ ターナー ファロー ウエスト ケーラー ピック フックス ワイス バレー レビー ダウン クローン コッホ シルバー ロタ ノロ ハチ"
)
"""The same where people bear the name too: kept where no honorific follows."""

BRANDS: Final = words("""
    マツキヨ マツモトキヨシ ウエルシア ツルハ スギ スギヤマ サンドラッグ ココカラ ココカラファイン クリエイト カワチ
    ロート ムヒ イブ バファリン ロキソニン ルル パブロン ベンザ コンタック ノーシン セデス ナロン タケダ ツムラ クラシエ オムロン テルモ タニタ
    ファイザー モデルナ ノババックス アストラゼネカ ヤンセン バイエル ノバルティス メルク ロシュ リリー サノフィ グラクソ アッヴィ ギリアド
    塩野義 久光 第一三共 中外 参天 興和 救心 養命酒 龍角散 正露丸 樋屋 奇応丸
    ダヴィンチ ダビンチ アライナー インビザライン アルファード ヴェルファイア プリウス ノート デミオ アクア フィット ハイエース アルト タント ムーヴ ワゴン マイナ
    漱石 鴎外 太宰 芥川 諭吉 千羽鶴 薬師寺 東大寺 法隆寺 ターザン ゾロ サンタ サンタクロース ルパン コナン ドラえもん のび太 アンパンマン
    トイプー トイプードル シバ チワワ ポメ ダックス プードル マルチーズ
    """)
"""Makers, chains, drugs, cars, breeds, writers, temples, heroes whose names look like people's; kept where no honorific follows."""

ACRONYMS: Final = words(
    "PT OT ST NS Ns MSW PSW CRC CE CW SW MR RN NP DA DH ER ICU NICU GCU PICU HCU CCU SCU MFICU OPE CT MRI PET ECT TMS AED ADL BI FIM QOL"
    " DPC DM DV OP OD OK NG AI IT PC SE GW PTA SNS DNR ALS MS SLE RA COPD IBD UC CD GERD PMS PMDD ADHD ASD HSP LD ID IQ DNA RNA HIV HPV RSV RS"
)
"""Professions, wards, tests, scales and illnesses in capitals: an honorific behind them (PTさん) does not make them names."""

PUBLIC_FIGURES: Final = words("""
    山中伸弥 大谷翔平 野口英世 北里柴三郎 渋沢栄一 津田梅子 福沢諭吉 樋口一葉 夏目漱石 森鴎外 手塚治虫 江戸川乱歩 太宰治 芥川龍之介 宮沢賢治
    石川啄木 正岡子規 与謝野晶子 川端康成 三島由紀夫 司馬遼太郎 松本清張 東野圭吾 村上春樹 池井戸潤 山崎豊子 杉田玄白 華岡青洲 緒方洪庵 前野良沢
    高木兼寛 志賀潔 秦佐八郎 荻野吟子 日野原重明 中村哲 本庶佑 大村智 大隅良典 利根川進 湯川秀樹 坂口志文 田中耕一 織田信長 豊臣秀吉 徳川家康
    坂本龍馬 西郷隆盛 伊能忠敬 聖徳太子 石破茂 岸田文雄 菅義偉 安倍晋三 麻生太郎 小泉進次郎 小泉純一郎 河野太郎 高市早苗 野田佳彦 枝野幸男
    玉木雄一郎 吉村洋文 小池百合子 橋下徹 加藤勝信 田村憲久 後藤茂之 武見敬三 福岡資麿 上野賢一郎 尾身茂 西村康稔 舛添要一 蓮舫 山本太郎 志位和夫
    イチロー 松井秀喜 長嶋茂雄 王貞治 野茂英雄 ダルビッシュ有 羽生結弦 浅田真央 池江璃花子 錦織圭 大坂なおみ 三浦知良 本田圭佑 久保建英 三笘薫
    藤井聡太 羽生善治 白鵬 貴乃花 松山英樹 渋野日向子 高橋尚子 北島康介 内村航平 吉田沙保里 伊調馨
    木村拓哉 中居正広 稲垣吾郎 草彅剛 香取慎吾 松本潤 櫻井翔 相葉雅紀 大野智 二宮和也 福山雅治 星野源 新垣結衣 石原さとみ 綾瀬はるか 長澤まさみ
    広瀬すず 広瀬アリス 橋本環奈 有村架純 上野樹里 天海祐希 米倉涼子 松嶋菜々子 沢口靖子 吉永小百合 高倉健 渡辺謙 役所広司 阿部寛 堺雅人 妻夫木聡
    小栗旬 綾野剛 松坂桃李 菅田将暉 山田孝之 山下智久 鈴木亮平 賀来賢人 竹野内豊 江口洋介 唐沢寿明 織田裕二 田宮二郎 坂口健太郎 佐藤健 神木隆之介
    渡辺翔太 目黒蓮 平野紫耀 永瀬廉 中川大志 吉沢亮 横浜流星 北川景子 戸田恵梨香 吉岡里帆 波瑠 川口春奈 浜辺美波 今田美桜 永野芽郁 長濱ねる
    明石家さんま ビートたけし 北野武 タモリ 所ジョージ 松本人志 浜田雅功 志村けん 加藤茶 出川哲朗 黒柳徹子 マツコ マツコデラックス 有吉弘行 池上彰
    林修 みのもんた 古舘伊知郎 羽鳥慎一 安住紳一郎 宮根誠司 ひろゆき ホリエモン 堀江貴文 西村博之 落合陽一 成田悠輔 孫正義 三木谷浩史 柳井正 前澤友作
    宇多田ヒカル 浜崎あゆみ 安室奈美恵 米津玄師 藤井風 あいみょん 松任谷由実 中島みゆき 桑田佳祐 井上陽水 矢沢永吉 玉置浩二 小田和正 さだまさし
    美空ひばり 石原裕次郎 氷川きよし 北島三郎 宮崎駿 高畑勲 新海誠 鳥山明 尾田栄一郎 水木しげる 藤子不二雄 黒澤明 小津安二郎 渥美清 樹木希林
    小林麻央 市川海老蔵 市川團十郎 夏目雅子 本田美奈子 逸見政孝 忌野清志郎 坂本龍一 池田大作 松下幸之助 本田宗一郎 稲盛和夫 岡本太郎 草間彌生
    財前五郎 里見脩二 大門未知子 間黒男 ブラックジャック ブラック・ジャック 五島健助 朝田龍太郎 加藤晶 藍沢耕作 緋山美帆子 白石恵 冴島はるか 藤川一男
    鴻鳥サクラ 四宮春樹 南方仁 渡海征司郎 天城雪彦 喜多見幸太 城之内博美 神原晶 湯川学 江戸川コナン 毛利小五郎 工藤新一 古畑任三郎
    山田太郎 山田花子 東京太郎 東京花子 日本太郎 日本花子 病院太郎 病院花子
    半沢直樹 金田一耕助 磯野カツオ 磯野波平 フグ田サザエ 野比のび太 源静香 桜木花道 夜神月 碇シンジ 綾波レイ 竈門炭治郎 竈門禰豆子 虎杖悠仁
    """)
"""Public figures, living and historical, and people of fiction, by full name."""

PREFECTURES: Final = words(
    "北海道 青森 岩手 宮城 秋田 山形 福島 茨城 栃木 群馬 埼玉 千葉 東京 神奈川 新潟 富山 石川 福井 山梨 長野 岐阜 静岡 愛知 三重 滋賀 京都 大阪"
    " 兵庫 奈良 和歌山 鳥取 島根 岡山 広島 山口 徳島 香川 愛媛 高知 福岡 佐賀 長崎 熊本 大分 宮崎 鹿児島 沖縄"
)
"""Prefectures, many of which are family names too: a place unless something says otherwise."""

FICTION: Final[dict[str, frozenset[str]]] = {
    "白い巨塔": words("財前 里見 東 鵜飼 大河内 佃 唐沢 田宮"),
    "コードブルー": words("藍沢 白石 緋山 冴島 藤川 黒田 橘 名取 灰谷 横峯 三井"),
    "コード・ブルー": words("藍沢 白石 緋山 冴島 藤川 黒田 橘 名取 灰谷 横峯 三井"),
    "コウノドリ": words("鴻鳥 四宮 下屋 小松 今橋 サクラ 綾野"),
    "ドクターX": words("大門 神原 晶 蛭間 海老名 城之内 加地 原 米倉"),
    "ドクターＸ": words("大門 神原 晶 蛭間 海老名 城之内 加地 原 米倉"),
    "コトー": words("コトー 五島 彩佳 星野 原 キリコ"),
    "ブラックジャック": words("ブラックジャック 間 キリコ ピノコ コトー ジャック"),
    "ブラック・ジャック": words("ブラックジャック 間 キリコ ピノコ コトー ジャック"),
    "医龍": words("朝田 加藤 伊集院 荒瀬 里原 霧島 木原 野口 鬼頭"),
    "チームバチスタ": words("田口 白鳥"),
    "ブラックペアン": words("渡海 高階 世良 佐伯 天城"),
    "TOKYO MER": words("喜多見 音羽"),
    "アンナチュラル": words("三澄 ミコト 中堂 東海林"),
    "アンサングシンデレラ": words("葵 瀬野 刈谷"),
    "ラジエーションハウス": words("五十嵐 甘春 小野寺"),
    "JIN-仁": words("南方 咲"),
    "救命病棟": words("進藤 小島"),
    "ナースのお仕事": words("朝倉 尾崎"),
    "グッドドクター": words("新堂 湊 瀬戸"),
    "ラストマン": words("皆実 護道"),
    "DOCTORS": words("相良 森山"),
    "Dr.DMAT": words("八雲"),
    "フラジャイル": words("岸"),
    "サザエ": words("サザエ マスオ カツオ ワカメ タラ 波平 フネ"),
    "しんちゃん": words("しんのすけ みさえ ひろし"),
}  # fmt: skip
"""Works of fiction and the names in them."""

_FICTION_WORDS: Final = tuple(FICTION)


def is_public(surface: str) -> bool:
    """Whether a name as written is a public figure's or a made-up person's full name."""
    return surface in PUBLIC_FIGURES


def is_fiction(surfaces: Sequence[str], names: frozenset[str]) -> bool:
    """Whether a name, cut into words, is one of `fiction_names`."""
    whole = "".join(surfaces)
    return (
        whole in names
        or any(s in names for s in surfaces)
        or any(len(n) > 1 and whole.startswith(n) for n in names)
    )


def fiction_names(text: str) -> frozenset[str]:
    """Names of people in the works that a text names; empty for nearly all texts."""
    found: frozenset[str] = frozenset()
    for work in _FICTION_WORDS:
        if work in text:
            found |= FICTION[work]
    return found
