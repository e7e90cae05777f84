"""The peer: Presidio with GiNZA, as installed and with Japanese patterns added by hand.

Runs in an environment of its own, because its dependencies and Koe's do not go together; `redaction.py` calls it there.

    python -m venv .venv-peer && .venv-peer/bin/pip install presidio-analyzer ginza ja-ginza

Reads JSON lines {"id", "text"} from standard input, writes one JSON object: CPU seconds and spans of both set-ups.
"""

from __future__ import annotations

import json
import sys
import time

from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpEngineProvider

# What half a day of tuning gives: the formats of the guide, each with its context words.
TUNED: dict[str, tuple[list[str], list[str]]] = {
    "PHONE": (
        [r"(?<!\d)0\d{1,4}[-－ー‐(（ 　]?\d{1,4}[-－ー‐)） 　]?\d{3,4}(?!\d)"],
        ["電話", "携帯", "連絡", "TEL", "FAX"],
    ),
    "POSTAL": ([r"〒\s*\d{3}[-－ー]?\d{4}"], ["住所", "郵便"]),
    "EMAIL": ([r"[\w.+-]+[@＠][\w-]+(?:[.．][\w-]+)+"], ["メール"]),
    "URL": ([r"https?://[\w./?=&%#~-]+"], []),
    "HANDLE": ([r"(?<![\w])@[A-Za-z0-9_]{3,30}"], ["LINE", "アカウント"]),
    "MY_NUMBER": ([r"(?<!\d)\d{4}[- ]?\d{4}[- ]?\d{4}(?!\d)"], ["マイナンバー", "個人番号"]),
    "CREDIT_CARD": ([r"(?<!\d)\d{4}[- ]?\d{4}[- ]?\d{4}[- ]?\d{4}(?!\d)"], ["カード"]),
    "PATIENT_ID": ([r"(?:診察券|カルテ|受付)(?:番号)?[はの:： ]*[A-Z]?-?\d{3,10}"], ["診察券"]),
    "INSURANCE_ID": ([r"(?:記号|番号|保険者番号)[はの:： ]*\d{2,10}"], ["保険証"]),
    "AGE": ([r"\d{1,3}\s?[歳才]"], []),
    "DATE": ([r"\d{1,2}月\d{1,2}日", r"\d{4}[/年.-]\d{1,2}[/月.-]\d{1,2}日?"], []),
    "PERSON": ([r"[一-龥]{1,4}(?=さん|様|先生|医師|院長|くん|ちゃん)"], []),
}


LABELS = {
    "Person": "PERSON", "Address_Other": "LOCATION", "Postal_Address": "LOCATION", "Phone_Number": "PHONE", "Email": "EMAIL", "URL": "URL",
    "Age": "AGE", "Company": "AFFILIATION", "School": "AFFILIATION",
}  # fmt: skip
"""GiNZA's labels as Presidio's entities: without this no name of GiNZA's passes through Presidio."""


def analyzer(*, tuned: bool) -> AnalyzerEngine:
    """Presidio over ja_ginza, with the patterns above or without."""
    models: dict[str, object] = {
        "nlp_engine_name": "spacy",
        "models": [{"lang_code": "ja", "model_name": "ja_ginza"}],
    }
    if tuned:
        models["ner_model_configuration"] = {
            "model_to_presidio_entity_mapping": LABELS,
            "labels_to_ignore": [],
        }
    engine = NlpEngineProvider(nlp_configuration=models).create_engine()
    registry = RecognizerRegistry(supported_languages=["ja"])
    registry.load_predefined_recognizers(languages=["ja"], nlp_engine=engine)
    if tuned:
        for kind, (regexes, context) in TUNED.items():
            patterns = [Pattern(f"{kind} {i}", regex, 0.6) for i, regex in enumerate(regexes)]
            registry.add_recognizer(
                PatternRecognizer(
                    supported_entity=kind, patterns=patterns, context=context or None, supported_language="ja"
                )
            )
    return AnalyzerEngine(nlp_engine=engine, registry=registry, supported_languages=["ja"])


def main() -> None:
    posts = [json.loads(line) for line in sys.stdin]
    results = {}
    for name, tuned in (("as installed", False), ("tuned", True)):
        engine = analyzer(tuned=tuned)
        engine.analyze(text="今日は病院に行きました。", language="ja")
        spans = {}
        begin = time.process_time()
        for post in posts:
            found = engine.analyze(text=post["text"], language="ja", score_threshold=0.35)
            spans[post["id"]] = [{"start": f.start, "end": f.end, "type": f.entity_type} for f in found]
        results[name] = {"seconds": time.process_time() - begin, "spans": spans}
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
