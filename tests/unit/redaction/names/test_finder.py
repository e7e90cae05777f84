"""What is a name and what only looks like one, by the kind of context. All people are invented."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.redaction.names.finder import NameFinder
from transforms.redaction.names.lexicon import lexicon
from transforms.text.fold import fold
from transforms.text.tokens import get_tokenizer


def found(text: str) -> list[str]:
    folded = fold(text)
    spans = NameFinder().find(folded, get_tokenizer().tokenize(folded))
    assert all(
        span.type == "PERSON" and 0 < span.score <= 1 and span.rule.startswith("person.") for span in spans
    )
    return [text[span.start : span.end] for span in spans]


NAMES = [
    # an honorific or a title behind it
    ("今日は北沢先生の外来でした。", ["北沢"]),
    ("受付の西岡さんがとても親切だった。", ["西岡"]),
    ("尾上様、次回は木曜にお越しください。", ["尾上"]),
    ("整形の沢口医師に手術してもらいました。", ["沢口"]),
    ("長岡院長の話は長い。", ["長岡"]),
    ("夜勤は平井師長と二人だった。", ["平井"]),
    ("点滴は内藤看護師がやってくれた。", ["内藤"]),
    ("三輪主任と話した。", ["三輪"]),
    ("梅津氏は説明をしなかった。", ["梅津"]),
    ("隣のベッドの島村くんが退院した。", ["島村"]),
    # cuts through the name
    ("看護助手のいまいが手を握ってくれた。", ["いまい"]),
    ("母の隣の席はトミエさん。", ["トミエ"]),
    ("看護師のShin-yaが辞書を貸してくれた。", ["Shin-ya"]),
    ("ばば先生はこちらを見ない。", ["ばば"]),
    ("うえはら助産師が、退院前に来てくれた。", ["うえはら"]),
    ("今日の採血は木ノ下さんでした。", ["木ノ下"]),
    ("同姓同名の髙橋 誠さんのカルテだった。", ["髙橋 誠"]),
    ("封筒は楢木 礼子宛でした。", ["楢木 礼子"]),
    ("女の子が生まれました。名前はことはです。", ["ことは"]),
    # nicknames by their shape
    ("内科のつっちー先生おやすみだった。", ["つっちー"]),
    ("夜勤はあだっちゃんらしい。", ["あだっちゃん"]),
    ("熱が出て、りっくんを寝かせた。", ["りっくん"]),
    # scripts
    ("たかはし先生はやさしい。", ["たかはし"]),
    ("担当はオカモトさんでした。", ["オカモト"]),
    ("ﾅｶﾞｼﾏ先生に診てもらった。", ["ﾅｶﾞｼﾏ"]),
    ("主治医の Matsuda 先生は早口。", ["Matsuda"]),
    ("dr.kuroda は今日休み。", ["kuroda"]),
    ("内科はyoshida先生でした。", ["yoshida"]),
    # a cue before it
    ("氏名：岩崎和也", ["岩崎和也"]),
    ("患者氏名　前川 洋子", ["前川 洋子"]),
    ("娘の美月が熱を出した。", ["美月"]),
    ("息子（健太、5歳）の予防接種でした。", ["健太"]),
    ("主治医の川端が異動した。", ["川端"]),
    ("内科の関口という医者に怒られた。", ["関口"]),
    ("はじめまして、宮内と申します。", ["宮内"]),
    # names that are places or words
    ("石川先生にはお世話になりました。", ["石川"]),
    ("担当の森さんが休みだった。", ["森"]),
    ("看護師の泉さんは声が明るい。", ["泉"]),
    # pieces that the analyser cuts
    ("主治医のいわもと先生は丁寧。", ["いわもと"]),
    ("看護師のゆづきさんに助けられた。", ["ゆづき"]),
    # several, foreign, full
    ("田村さん、吉川さん、ありがとう。", ["田村", "吉川"]),
    ("ヘルパーのマリア・サントスさんが来た。", ["マリア・サントス"]),
    ("技師の小池健一さんが撮ってくれた。", ["小池健一"]),
    # the same again without a cue
    ("菅野先生に診てもらった。菅野は腕がいい。", ["菅野", "菅野"]),
    # invisible characters within
    ("北\u200b沢先生の外来。", ["北\u200b沢"]),
    # letter by letter
    ("担当は 田 中 先 生 です。", ["田 中"]),
    ("名札は「あ べ」だった。", ["あ べ"]),
    # introduced, called by kin, read in brackets
    ("「おおはしです、よろしく」と言われた。", ["おおはし"]),
    ("清子おばさんが見舞いに来た。", ["清子"]),
    ("主治医は東海林先生（しょうじと読みます）。", ["東海林", "しょうじ"]),
    # told of by hearsay
    ("豊岡って整形外科医に切られた。", ["豊岡"]),
    ("高井戸とかいう人が来た。", ["高井戸"]),
    ("弟の包帯、つじいって研修医が巻いた。", ["つじい"]),
    ("迎えに来た人、よしのって名札。", ["よしの"]),
    ("荷物に、御手洗って珍しい名字があった。", ["御手洗"]),
    ("病棟の大井戸とかいう人が来た。", ["大井戸"]),
    # titles of two words
    ("老健の桑田施設長に手紙を書いた。", ["桑田"]),
    ("小野寺教務主任に呼ばれた。", ["小野寺"]),
    ("大沢クリニック長の話を聞いた。", ["大沢"]),
    ("滝田外科部長の執刀だった。", ["滝田"]),
    ("遠山副院長が謝った。", ["遠山"]),
    ("おおつぼ副院長が謝った。", ["おおつぼ"]),
    ("石岡薬局長に聞いた。", ["石岡"]),
    # in kana beside a title, in a title's brackets, as what is written or said
    ("もちづきナースがやってくれた。", ["もちづき"]),
    ("おおつぼ（看護師）が来た。", ["おおつぼ"]),
    ("看護師もちづきの態度がひどい。", ["もちづき"]),
    ("受付おおつぼ、態度が悪い。", ["おおつぼ"]),
    ("名札におおつぼとあった。", ["おおつぼ"]),
    ("担当医はもちづきだ。", ["もちづき"]),
    # by what they do
    ("石岡に診てもらった。", ["石岡"]),
    ("執刀は島田でした。", ["島田"]),
    ("高見のやつ、謝りもしない。", ["高見"]),
    # Latin letters behind Dr.
    ("Dr.Vossの往診は木曜。", ["Voss"]),
    # full names with a space, cut by the analyser
    ("隣は高梶 実さんだった。", ["高梶 実"]),
    ("封筒は木ノ上 徳次様だった。", ["木ノ上 徳次"]),
    ("前任の石原 さち江さんは引退した。", ["石原 さち江"]),
    ("訪問の鈴木 キヨ子さんが来た。", ["鈴木 キヨ子"]),
    ("祖父（林 建国、81歳）が入院した。", ["林 建国"]),
    # given names in kana with a kanji at the end, and of no listed kanji
    ("草間さち代さんが退院した。", ["草間さち代"]),
    ("祖母（石村 とし枝、82歳）が入院した。", ["石村 とし枝"]),
    ("看護師の河島とし枝さん。", ["河島とし枝"]),
    ("須崎 真央人（45）が来た。", ["須崎 真央人"]),
    ("封筒の宛名は寺崎旨保美様。", ["寺崎旨保美"]),
    # a family name that is a word for a place
    ("リハビリの城さんに支えられた。", ["城"]),
    # in kana before an honorific, whatever the analyser cut there
    ("集中治療室のもえかさんは夜中も来てくれた。", ["もえか"]),
    ("入院しているはるとくん（5歳）は針の検査をした。", ["はると"]),
    ("待合でみうちゃん泣いてた。", ["みうちゃん"]),
    ("二回目にはてっぺいくんが笑った。", ["てっぺい"]),
    ("内科のみやけ先生は早口。", ["みやけ"]),
    ("リハビリのるか先生に会いたい。", ["るか"]),
    ("看護師のみうさん、採血がうまい。", ["みう"]),
    ("新生児室のとよ子さんの抱っこ。", ["とよ子"]),
    ("斜めのおゆきさんは、夜中に歌う。", ["おゆき"]),
    ("隣のベッドのみうちゃんと仲良くなった。", ["みう"]),
    # full names in kana with a space
    ("患者はきだ りりあさん。", ["きだ りりあ"]),
    ("名前：にし ともか", ["にし ともか"]),
    ("フリガナ：ヤマキ シンゴ", ["ヤマキ シンゴ"]),
    ("患者のきたのれおんさまへ。", ["きたのれおん"]),
    # children's names that begin a sentence without any cue, in kana and in kanji
    ("いつきは薬の時間になると起きる。", ["いつき"]),
    ("袋が届いた。りりあの手術が終わった。", ["りりあ"]),
    ("えまの手術が終わった。", ["えま"]),
    ("長女柚月の入院。", ["柚月"]),
    ("穂乃花が熱を出した。", ["穂乃花"]),
    # halves that the analyser cut, or took for something else
    ("院長の川久保雅大は外来にいない。", ["川久保雅大"]),
    ("執刀は堀部 温夫でした。", ["堀部 温夫"]),
    ("看護師 仁木三織 の態度。", ["仁木三織"]),
    ("院長の財前寺さんは前の病院にいた。", ["財前寺"]),
    ("ウィリアムス 健先生に変わりました。", ["ウィリアムス 健"]),
    ("将棋の師匠、黒部 辰夫先生の口癖。", ["黒部 辰夫"]),
    ("ここの大内部長に手術してもらった。", ["大内"]),
    ("眼科の一戸院長は丁寧。", ["一戸"]),
    ("当直の三輪とかいう若い医者。", ["三輪"]),
    ("言語の高野瀬先生。", ["高野瀬"]),
    ("加治屋先生、「次の人」と言う。", ["加治屋"]),
    ("祖父の相談で都竹先生に質問した。", ["都竹"]),
    ("八代主治医へ。", ["八代"]),
    ("我妻整体師、首をやる前に黙る。", ["我妻"]),
    ("さやかです。もう連絡できないかもしれない。", ["さやか"]),
    # titles that are cut or read as names, a family name that is a word
    ("医局の石動准教授に会った。", ["石動"]),
    ("麻酔科の出口医師が来た。", ["出口"]),
    ("代診の島医師が担当します。", ["島"]),
    ("ブロック注射。白鳥いう先生やった。", ["白鳥"]),
    ("花形いう若い歯医者。", ["花形"]),
    # an eponym and a person of that name
    ("橋本病の橋本さんが来た。", ["橋本"]),
    ("山田クリニックの山田先生に会った。", ["山田"]),
]

NEAR_MISSES = [
    "それは とても いいこと だと おもう。ありがとう ございます。",
    "心音が下がったと言われた。こころの相談に電話した。空が青い。",
    "ありがとう先生。プロみたいな先生に会えた。薬を飲まないと先生が困る。",
    "うちの先生は、看護師さんと先生が並ぶと笑う。",
    "先生がちゃんと診てくれて、子どももちゃんと寝た。",
    "みなさん、おくすりの時間です。冬になると先生がひざ掛けをする。",
    "白い巨塔の里見先生が好き。動画は、ひろゆきさんの。",
    "川口医師会の健診。青森医師不足の記事。",
    "親御さんの気持ちも、姪御さんの気持ちも分かる。",
    "市民病院の元院長と前師長の話。",
    "最初に申し出たときは主任が固まりました。",
    "測ったあとの相談が長い。",
    "受付のおっちゃんが親切。あっちー、こっちの待合は暑い。",
    "ばっちゃんの血圧がめっちゃ高い。",
    "三時間も診てくれた先生に感謝しています。",
    "クリニックへ電話したら先生が出た。",
    "うちの先生は月に一度、島へ渡る。",
    "効かないかもしれないと先生は言った。",
    "新しい先生は若い。",
    "担当のPTさんが来月で転職する。",
    "自費で四十万かかりました。",
    "患者さんが多くて看護師さんも大変そう。",
    "お医者さんに相談したら、皆さんそうだと言われた。",
    "お疲れさまでした。薬剤師さんの説明がわかりやすい。",
    "様子を見てください、と同様に言われた。",
    "赤ちゃんとおばあちゃんが同じ日に発熱した。",
    "旦那さんにたくさん手伝ってもらった。",
    "K先生とAさんの話。",
    "〇〇先生に診てもらった。",
    "橋本病と川崎病とパーキンソン病の違い。",
    "長谷川式で20点だった。",
    "太田胃散を飲んで武田薬品の株を見た。",
    "田中医院の待合室が寒い。",
    "高橋こどもクリニックの予約が取れない。",
    "順天堂の外来は混んでいる。",
    "マツモトキヨシで目薬を買った。",
    "野口英世のお札で払った。",
    "福島と千葉と宮崎に病院がある。",
    "内科の先生が代わった。",
    "主治医の先生は今日も休み。",
    "この先生は説明がうまい。",
    "母が入院した。妹も来た。",
    "品川 330 さ 12-34 の車が入口をふさいでいた。",
    "待ち時間が二時間。予約の意味がない。",
    "値段が高いとかいう人もいる。たかいとかいう人もいる。",
    "札幌って外科医が足りない。オプジーボって専門医が使う薬だ。",
    "リハビリって患者が頑張るものだ。緊急手術って外科医が言った。",
    "Dr.Martensの靴で外来へ行った。Dr.Stopの出番だ。",
    "センター長と薬局長に聞いた。札幌病院長の談話。",
    "うちの子さん付けで呼ばれた。隣の島の先生は船で来る。",
    "専門医に診てもらった。夜に診てくれた。大学病院に診てもらえた。",
    "担当はいつもひとりだ。執刀は来週だ。名札にふりがながない。",
    "市民病院外科部長の談話。循環器内科医長の話。整形外科医になりたい。",
    "さっき代わった先生は若い。うちにはまだ子がいない。",
    "薬のやつが効く。長野のやつは甘い。福島に診てもらえる所がない。受付こわい。受付いつも混む。看護師えらい。",
]


@pytest.mark.parametrize(("text", "names"), NAMES)
def test_finds_names(text: str, names: list[str]) -> None:
    assert found(text) == names


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_leaves_look_alikes(text: str) -> None:
    assert found(text) == []


def test_what_follows_a_name_is_no_given_name() -> None:
    assert found("田中先生と代わってもらった。佐藤さんの子が泣いた。") == ["田中", "佐藤"]
    assert found("担当の山田また子どもの話をした。") == ["山田"]


def test_people_of_fiction_stay_only_beside_their_work() -> None:
    assert found("白い巨塔の財前先生が好き。") == []
    assert found("担当の財前先生が好き。") == ["財前"]


def test_a_nickname_is_taken_whole() -> None:
    assert found("看護師のけんちゃんが来てくれた。") == ["けんちゃん"]


def test_rules_say_what_was_seen() -> None:
    def rule(text: str) -> str:
        folded = fold(text)
        return NameFinder().find(folded, get_tokenizer().tokenize(folded))[0].rule

    assert rule("北沢先生の外来。") == "person.honorific"
    assert rule("長岡院長の話。") == "person.title"
    assert rule("氏名：岩崎和也") == "person.label"
    assert rule("主治医の川端が異動した。") == "person.cue"


def test_an_empty_text_has_no_names() -> None:
    assert found("") == []
    assert found(" \n") == []


PARTS = st.sampled_from(["田 中", " 先生", "さん", "陽", "葵", "（", "）", "の", "りくと", "っ", "ちゃん", "田中", "\n", "dr", "Dr.Voss", "って人", "kuroda", "x", "。"])  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(PARTS, max_size=6).map("".join), max_size=5))
def test_texts_have_the_same_names_together_as_alone(texts: list[str]) -> None:
    folded = [fold(text) for text in texts]
    tokens = [get_tokenizer().tokenize(f) for f in folded]
    finder = NameFinder()
    assert finder.find_many(folded, tokens) == [
        finder.find(*pair) for pair in zip(folded, tokens, strict=True)
    ]


@settings(deadline=None, max_examples=150)
@given(
    st.text(max_size=60) | st.text("田中先生さん様、。の（） \nんりくとAz.・ｱ\u200b\U00020bb7", max_size=60)
)
def test_any_text_gives_spans_in_order_and_in_bounds(text: str) -> None:
    folded = fold(text)
    spans = NameFinder().find(folded, get_tokenizer().tokenize(folded))
    end = 0
    for span in spans:
        assert end <= span.start < span.end <= len(text)
        end = span.end


def test_a_long_run_of_names_costs_no_more_than_its_length() -> None:
    text = "田中さん、" * 4_000
    assert len(found(text)) == 4_000


def test_many_different_names_cost_no_more_than_their_length() -> None:
    families = sorted(lexicon().surnames)[:1_900]
    text = "。".join(f"{name}さんと橋本病の{name}" for name in families)
    assert len(found(text)) > 3_000


def test_many_names_letter_by_letter_cost_no_more_than_their_length() -> None:
    assert len(found("田 中 先 生、高橋さん。" * 3_000)) == 6_000


def test_many_names_with_spaces_between_cost_no_more_than_their_length() -> None:
    assert len(found("田中さん と 佐藤先生。 " * 3_000)) == 6_000
