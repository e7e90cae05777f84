"""Adverse events in lay words: which drug, which event, said how, of whom. Recall first; a human decides.

Belongs here: pairs of drug and event, their meaning in the clause, the four elements of a valid report, dense features.
Does not: the flag of the post (a model decides it with these features), clocks and due dates, signal statistics.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from transforms.classification.clauses import Clause, clause_at, negated
from transforms.classification.document import GuideLabels
from transforms.classification.facets import health_subject
from transforms.classification.lexicons import Hit, Scan, longest

_REPORTERS = frozenset({"patient", "family", "hcp", "facility", "company", "media", "public"})
_MAX_PAIRS = 12
_WEAK = "word"
_OUTCOMES = frozenset({"入院", "後遺症", "副作用"})
"""Lay terms that say how it ended, not what happened: events only where no other is named."""


_TAKEN_FOR = re.compile(r"(?:で|に|が出て|のため|には|の|が(?:ひど|つら|出))[^。、\n]{0,6}")
"""What stands between a symptom and the product that was taken for it."""

_RELIEVED = re.compile(r"[^。、\n]{0,8}(?:消え|治|引い|効|減っ|楽|なくな|おさま|軽く|[良よ]くな|改善)")


class AdverseEvent(NamedTuple):
    """One suspected event with its suspected product.

    Attributes:
        drug: the product as the lexicon names it; None where no product is recognised.
        event: the lay term as the lexicon writes it; None where no event is recognised.
        event_pt: preferred term in the manner of MedDRA/J; None where the lexicon has none.
        serious: by the usual criteria (death, life-threatening, hospitalisation, disability, birth defect, other
            medically important), from the event itself or from what is said beside it.
        negated: said not to have happened.
        feared: feared or possible, not told as having happened.
        asked: only asked about.
        about: self, family, other, public_figure or generic.
        has_patient: an identifiable patient (somebody in particular had it).
        has_reporter: an identifiable reporter (an account that speaks for itself or of somebody it knows).
        has_drug: a suspect product is named.
        has_event: an event is named.
    """

    drug: str | None
    event: str | None
    event_pt: str | None
    serious: bool
    negated: bool
    feared: bool
    asked: bool
    about: str
    has_patient: bool
    has_reporter: bool
    has_drug: bool
    has_event: bool


class AeFeatures(NamedTuple):
    """Counts for a model, none of them text.

    Attributes:
        n_drugs: products named, words like 薬 left out.
        n_drug_words: words like 薬, 点滴.
        n_events: events named.
        pairs: drug and event in the same sentence.
        near_pairs: drug and event within two clauses.
        negated: events negated.
        feared: events feared or conditional.
        asked: events in questions.
        serious: events or outcomes that are serious.
        taken: words of taking or using.
        because: words of cause (副作用, せい, たら).
        after: events with a product before them in their sentence or the one before.
        after_named: of these, with a product by name.
        indications: events that a product was taken for (頭痛でロキソニン), as far as the words tell.
        relieved: events that went away (痛みが消えた).
    """

    n_drugs: int
    n_drug_words: int
    n_events: int
    pairs: int
    near_pairs: int
    negated: int
    feared: int
    asked: int
    serious: int
    taken: int
    because: int
    after: int
    after_named: int
    indications: int
    relieved: int


_NOTHING = AeFeatures(*(0 for _ in AeFeatures._fields))


class _Event(NamedTuple):
    hit: Hit
    clause: int
    negated: bool
    feared: bool
    asked: bool
    serious: bool
    treated: bool
    relieved: bool


def drugs_in(scan: Scan) -> list[Hit]:
    """Products named, and words that stand for one, in order; the longest where they overlap."""
    return longest(scan.of("drugs"))


def events_in(scan: Scan) -> list[Hit]:
    """Events named in lay words, in order; the longest where they overlap, and one with a preferred term before one without."""
    hits = scan.of("events")
    known = [hit for hit in hits if hit.entry.values[1]]
    if len(known) == len(hits):
        return longest(known)
    covered = {place for hit in known for place in range(hit.start, hit.end)}
    vague = [h for h in hits if not h.entry.values[1] and covered.isdisjoint(range(h.start, h.end))]
    return longest([*known, *vague])


def find(scan: Scan, clauses: Sequence[Clause], labels: GuideLabels) -> list[AdverseEvent]:
    """Pair events with the products that they are blamed on.

    An event goes with the nearest product before it, else with the nearest after it; a word like 薬 gives way to a
    product by name. What a product was taken for, and what it relieved, is left out where another event is named. A post without any recognised product or event gives one entry that says so, so that a reviewer sees
    what a report still lacks.

    Args:
        scan: the text with its hits.
        clauses: of the same text.
        labels: speaker and flags of the post.

    Returns:
        At most 12 entries in order of place, one a pair of product and event.
    """
    about = health_subject(scan, labels)
    has_patient = about in {"self", "family", "other", "public_figure"}
    has_reporter = labels.speaker in _REPORTERS
    drugs = _suspects(drugs_in(scan))
    events = _events(scan, clauses, drugs)
    named = [e for e in events if e.hit.entry.values[0] not in _OUTCOMES] or events
    named = [e for e in named if not (e.treated or e.relieved)] or named
    serious_said = any(hit.entry.values[0] == "serious" for hit in scan.of("cues"))
    found: dict[tuple[str | None, str | None], AdverseEvent] = {}
    for event in named[:_MAX_PAIRS]:
        drug = _nearest(drugs, event.hit)
        lay, term, _ = event.hit.entry.values
        key = (drug, lay)
        serious = event.serious or (serious_said and not event.negated and len(named) == 1)
        one = AdverseEvent(
            drug, lay, term or None, serious, event.negated, event.feared, event.asked, about,
            has_patient, has_reporter, drug is not None, has_event=True,
        )  # fmt: skip
        found[key] = _graver(found[key], one) if key in found else one
    entries = list(found.values())
    if serious_said and entries and not any(e.serious for e in entries) and any(o.serious for o in events):
        entries = [e if e.negated else e._replace(serious=True) for e in entries]
    if entries:
        return entries
    drug = drugs[0].entry.values[0] if drugs else None
    return [
        AdverseEvent(
            drug,
            None,
            None,
            serious_said,
            False,
            False,
            False,
            about,
            has_patient,
            has_reporter,
            drug is not None,
            False,
        )
    ]


def ae_features(scan: Scan, clauses: Sequence[Clause]) -> AeFeatures:
    """Count what speaks for an adverse event, for a model.

    Args:
        scan: the text with its hits.
        clauses: of the same text.

    Returns:
        Counts; all 0 where neither product nor event is named, whatever else is.
    """
    if "drugs" not in scan.hits and "events" not in scan.hits:
        return _NOTHING
    drugs = drugs_in(scan)
    events = _events(scan, clauses, drugs)
    named = [hit for hit in drugs if hit.entry.values[1] != _WEAK]
    cues = [hit.entry.values[0] for hit in scan.of("cues")]
    pairs, near_pairs, after, after_named = (
        _together(clauses, drugs, named, events) if drugs and events else (0, 0, 0, 0)
    )
    return AeFeatures(
        n_drugs=len(named),
        n_drug_words=len(drugs) - len(named),
        n_events=len(events),
        pairs=pairs,
        near_pairs=near_pairs,
        negated=len([e for e in events if e.negated]),
        feared=len([e for e in events if e.feared]),
        asked=len([e for e in events if e.asked]),
        serious=len([e for e in events if e.serious]) + cues.count("serious"),
        taken=cues.count("taken"),
        because=cues.count("taken.because"),
        after=after,
        after_named=after_named,
        indications=len([e for e in events if e.treated]),
        relieved=len([e for e in events if e.relieved]),
    )


def _together(
    clauses: Sequence[Clause], drugs: list[Hit], named: list[Hit], events: list[_Event]
) -> tuple[int, int, int, int]:
    """How drugs and events stand to each other: pairs, near_pairs, after and after_named of `AeFeatures`."""
    drug_clauses = {clause_at(clauses, hit.start) for hit in drugs}
    event_clauses = {e.clause for e in events}
    sentence = _sentences(clauses)
    drug_sentences = {sentence[i] for i in drug_clauses}
    first_drug = _first_by_sentence(drugs, clauses, sentence)
    first_named = _first_by_sentence(named, clauses, sentence)
    return (
        sum(sentence[i] in drug_sentences for i in event_clauses),
        sum(not drug_clauses.isdisjoint(range(i - 2, i + 3)) for i in event_clauses),
        sum(_follows(e, sentence, first_drug) for e in events),
        sum(_follows(e, sentence, first_named) for e in events),
    )


def _first_by_sentence(
    drugs: Sequence[Hit], clauses: Sequence[Clause], sentence: list[int]
) -> dict[int, int]:
    """Where the first product of each sentence ends."""
    first: dict[int, int] = {}
    for hit in drugs:
        first.setdefault(sentence[clause_at(clauses, hit.start)], hit.end)
    return first


def _follows(event: _Event, sentence: list[int], first: dict[int, int]) -> bool:
    """Whether a product stands before an event in its sentence or in the one before."""
    at = sentence[event.clause]
    return at - 1 in first or first.get(at, event.hit.start + 1) <= event.hit.start


def _sentences(clauses: Sequence[Clause]) -> list[int]:
    """The number of the sentence of each clause."""
    numbers = []
    current = 0
    for clause in clauses:
        numbers.append(current)
        current += clause.ends
    return numbers


def _events(scan: Scan, clauses: Sequence[Clause], drugs: Sequence[Hit]) -> list[_Event]:
    found = []
    starts = [hit.start for hit in drugs]
    text = scan.text
    for hit in events_in(scan):
        at = clause_at(clauses, hit.start)
        clause = clauses[at]
        denied = negated(text, hit.end, clause.end)
        feared = bool(clause.cues & {"fear", "conditional"})
        following = bisect_left(starts, hit.end)
        treated = (
            following < len(starts) and _TAKEN_FOR.fullmatch(text, hit.end, starts[following]) is not None
        )
        relieved = _RELIEVED.match(text, hit.end, hit.end + 18) is not None
        asked = "question" in clause.cues
        found.append(_Event(hit, at, denied, feared, asked, hit.entry.values[2] == "1", treated, relieved))
    return found


def _suspects(drugs: list[Hit]) -> list[Hit]:
    """Products by name; the words that name none only where no product is named."""
    strong = [hit for hit in drugs if hit.entry.values[1] != _WEAK]
    return strong or drugs


def _nearest(drugs: list[Hit], event: Hit) -> str | None:
    """The product before the event that stands nearest, else the nearest after it."""
    before = [hit for hit in drugs if hit.start <= event.start]
    if before:
        return before[-1].entry.values[0]
    return drugs[0].entry.values[0] if drugs else None


def _graver(one: AdverseEvent, other: AdverseEvent) -> AdverseEvent:
    """Of two tellings of the same pair what they say together: stated beats negated, feared and asked."""
    return one._replace(
        serious=one.serious or other.serious,
        negated=one.negated and other.negated,
        feared=one.feared and other.feared,
        asked=one.asked and other.asked,
    )
