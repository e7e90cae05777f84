"""Fuzz the redactor with atheris, or with seeded random bytes where atheris is not installed.

Run: python tests/fuzz/fuzz_redactor.py -runs=200000          (atheris: pip install atheris)
     python tests/fuzz/fuzz_redactor.py --plain 20000         (without)

Every input is read as UTF-8 with surrogates let through. What must hold: no exception but RedactionError, spans within
the text, sorted and disjoint, and a second pass that changes nothing.
"""

from __future__ import annotations

import random
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from transforms.redaction.redactor import Redactor

_SEEDS: Final = (
    "電話は０９０ー１２３４ー５６７８まで", "34歳の母が11月3日に田中先生", "〒154-0002 東京都世田谷区桜丘3-14-2 メゾン桜201", "記号12 番号345（枝番01）", "ID: taro_2024 @x https://a.example/b",
    "S55.3.2生まれ ㍼ ① ﾊﾞ \u200b ［氏名］", "品川 300 あ 12-34 普通 1234567 4111 1111 1111 1111", "5階東病棟 512号室の田中 美咲（八十一）",
)  # fmt: skip


@cache
def redactor() -> Redactor:
    """The redactor, imported late: atheris sees only code that is imported under its eyes."""
    from transforms.redaction.redactor import Redactor

    return Redactor()


def check(data: bytes) -> None:
    """Redact one input and hold the result to what must be true of it."""
    text = (
        data.decode("utf-8", "surrogatepass") if _is_wide(data) else data.decode("utf-8", "surrogateescape")
    )
    from transforms.redaction.redactor import RedactionError

    try:
        redaction = redactor().redact(text)
    except RedactionError as error:
        if str(error).startswith("failed_"):
            raise
        return
    position = 0
    for span in redaction.spans:
        if not position <= span.start < span.end <= len(text):
            msg = "spans overlap or leave the text"
            raise AssertionError(msg)
        position = span.end
    if redactor().redact(redaction.text).text != redaction.text:
        msg = "a second pass changes the text"
        raise AssertionError(msg)


def _is_wide(data: bytes) -> bool:
    """Whether bytes decode when lone surrogates are let pass."""
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def plain(runs: int, seed: int = 0) -> None:
    """Fuzz without coverage: seeds cut, repeated, spliced and sprinkled with random characters."""
    rng = random.Random(seed)
    for _ in range(runs):
        parts = []
        for _ in range(rng.randrange(1, 6)):
            text = rng.choice(_SEEDS)
            start = rng.randrange(len(text))
            parts.append(text[start : start + rng.randrange(1, 24)] * rng.choice((1, 1, 1, 2, 30)))
            parts.append(
                "".join(
                    chr(
                        rng.choice(
                            (
                                rng.randrange(0x3000, 0x3100),
                                rng.randrange(0x20, 0x7F),
                                rng.randrange(0x110000),
                            )
                        )
                    )
                    for _ in range(rng.randrange(4))
                )
            )
        check("".join(parts).encode("utf-8", "surrogatepass"))
    print(f"{runs} inputs, none failed")  # noqa: T201


def main() -> None:
    """Run atheris where it is installed, else the plain fuzzer."""
    if "--plain" in sys.argv:
        plain(int(sys.argv[sys.argv.index("--plain") + 1]))
        return
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is not installed: pip install atheris, or use --plain N")
    with atheris.instrument_imports(include=["transforms.redaction", "transforms.text"]):
        redactor()
    with TemporaryDirectory() as folder:
        for number, text in enumerate(_SEEDS):
            Path(folder, str(number)).write_text(text, encoding="utf-8")
        atheris.Setup([*sys.argv, folder], check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
