"""The engine's verdict against libxml2's, over seeded mutants of valid elements. Run it as a script for a campaign:

    python tests/unit/engine/differential.py --mutants 12000 --seed 1

Every kind of change is tried on every leaf type and every content model before chance takes over. A mutant is valid
for the engine when the parser saw no fault and the column check has no finding in it; libxml2 judges the same element
alone.
The schemas are those beside the checkout; for auth.016.001.01, whose schema nobody may ship, the emitted one.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from instances import covering, holding
from lxml import etree
from mutate import Mutator

from regreport import messages
from regreport.engine.check import check, check_records_present
from regreport.engine.message import Message, make_message
from regreport.engine.parse import parse
from regreport.engine.table import Node
from regreport.engine.xsd import emit_xsd

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("REGREPORT_SHARED", ROOT.parent / "shared"))


@dataclass
class Subject:
    """What is mutated and who judges it: a message whose records are the elements, and libxml2's schema for one."""

    name: str
    message: Message
    schema: etree.XMLSchema
    chain: Node
    """The tree in which libxml2 sees a mutant: the document, or the element itself."""


def envelope_schema() -> etree.XMLSchema:
    """libxml2's schema for an enveloped auth.031: the official ones of its parts, in the published envelope."""
    imports = "".join(
        f'<xs:import namespace="{messages.table(name).namespace}" '
        f'schemaLocation="{(SHARED / "schemas" / "iso20022" / f"{name}.xsd").as_uri()}"/>'
        for name in ("head.001.001.01", "auth.031.001.01")
    )
    text = emit_xsd(messages.table("head.003.001.01")).replace('processContents="lax"', 'processContents="strict"')
    start = text.index(">", text.index("<xs:schema")) + 1
    return etree.XMLSchema(etree.fromstring((text[:start] + imports + text[start:]).encode()))


def subject(name: str, *, control: Message | None = None) -> Subject:
    """The subject of one message id; `control` replaces the engine's declaration, not the schema."""
    table = messages.table(name)
    if name.startswith("head."):
        batch = Node("Batch", "sequence", children=(replace(table, max=None, declares=False),), declares=True)
        message = make_message(name, replace(batch, namespace=table.namespace), "Batch/AppHdr", None, None)
        return Subject(name, control or message, official(name), table)
    message = messages.load(name)
    schema = (
        etree.XMLSchema(etree.fromstring(emit_xsd(table).encode())) if name == "auth.016.001.01" else official(name)
    )
    return Subject(name, control or message, schema, table)


def official(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(SHARED / "schemas" / "iso20022" / f"{name}.xsd")))


@dataclass
class Outcome:
    """Counts of a campaign, and the mutants on which the two disagree."""

    mutants: int = 0
    valid: int = 0
    faults_only_parser: int = 0
    by_check: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    places: set[tuple[str, str]] = field(default_factory=set)
    disagreements: list[str] = field(default_factory=list)

    @property
    def invalid(self) -> int:
        return self.mutants - self.valid

    def add(self, other: Outcome) -> None:
        """Take over the counts of another part."""
        for name in ("mutants", "valid", "faults_only_parser", "by_check"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.kinds += other.kinds
        self.places |= other.places
        self.disagreements += other.disagreements


@dataclass
class Mutant:
    """One changed element: what was done where, and libxml2's verdict."""

    kind: str
    place: str
    element: etree._Element
    valid: bool = False


def node_at(root: Node, element: etree._Element, path: list[int]) -> Node | None:
    """The declaration of the descendant at `path`."""
    node, at = root, element
    for index in path:
        at = at[index]
        found = node.by_tag.get(etree.QName(at).localname) if isinstance(at.tag, str) else None
        if found is None:
            return None
        node = found[1]
    return node


def descendants(element: etree._Element, above: list[int] | None = None) -> list[list[int]]:
    """The index paths of all elements below."""
    paths = []
    for index, child in enumerate(element):
        path = [*(above or []), index]
        paths.append(path)
        paths += descendants(child, path)
    return paths


def signature(node: Node) -> str:
    """The leaf type or content model of a node: what each kind of change must be tried on."""
    return f"{node.kind} {node.type}"


WEIGHTS = {
    **dict.fromkeys(("awkward_value", "one_character", "too_long", "other_code", "more_digits"), 9),
    **dict.fromkeys(("drop", "too_short", "blanks_around", "valid_value", "attribute_value", "attribute_dropped"), 6),
    **dict.fromkeys(("comment", "replace_by_valid"), 4),
}
"""How often chance takes a kind of change: mostly those that only the column check can see, and some that are valid."""

ATTRIBUTE_KINDS = ("attribute_dropped", "attribute_value")


def make_mutants(root: Node, count: int, seed: int, *, systematic: bool, only: str = "") -> list[Mutant]:
    """Mutants of covering elements of `root`: with `systematic` first each kind on each type, then by chance.

    `only` is the path of the single place to change.
    """
    pool = covering(root, seed, at_least=60)
    mutator = Mutator(root, pool, seed)
    places = [(one, path, node) for one in pool for path in descendants(one) if (node := node_at(root, one, path))]
    places = [place for place in places if only in ("", place[2].path)]
    made: list[Mutant] = []
    if systematic:
        by_type: dict[str, list[tuple[etree._Element, list[int], Node]]] = {}
        for place in places:
            by_type.setdefault(signature(place[2]), []).append(place)
        for held in by_type.values():
            for kind in mutator.kinds:
                made += first_made(mutator, held, kind)
    names = sorted(mutator.kinds)
    weights = [WEIGHTS.get(name, 1) for name in names]
    with_attributes = [place for place in places if place[2].attributes] or places
    while len(made) < count:
        kind = mutator.random.choices(names, weights)[0]
        one, path, node = mutator.random.choice(with_attributes if kind in ATTRIBUTE_KINDS else places)
        changed = mutator.mutated(one, path, kind, node)
        if changed is not None:
            made.append(Mutant(kind, signature(node), changed))
    return made


def first_made(mutator: Mutator, places: list[tuple[etree._Element, list[int], Node]], kind: str) -> list[Mutant]:
    """One mutant of the kind at one of the places, if the kind can be made there at all."""
    for one, path, node in mutator.random.sample(places, min(len(places), 4)):
        changed = mutator.mutated(one, path, kind, node)
        if changed is not None:
            return [Mutant(kind, signature(node), changed)]
    return []


def judge(subject: Subject, mutants: list[Mutant]) -> None:
    """libxml2's verdict on each mutant alone."""
    record = subject.message.record
    alone = subject.chain.tag == record.tag
    frame = etree.tostring(holding(subject.chain, record, [etree.Element("HERE")])) if not alone else b""
    before, _, after = frame.partition(b"<HERE/>")
    if not alone and not after:
        before, _, after = frame.partition(b'<HERE xmlns=""/>')
    for mutant in mutants:
        text = before + etree.tostring(mutant.element, with_tail=False) + after
        mutant.valid = subject.schema.validate(etree.fromstring(text))


def run(subject: Subject, count: int, seed: int, *, systematic: bool = True) -> Outcome:
    """Make `count` mutants or more, judge them, and compare."""
    mutants = make_mutants(subject.message.record, count, seed, systematic=systematic)
    judge(subject, mutants)
    return compare(subject, mutants)


def compare(subject: Subject, mutants: list[Mutant]) -> Outcome:
    """The engine's verdict on judged mutants, all read as records of one document."""
    record = subject.message.record
    if subject.chain.tag == record.tag:
        holder = etree.Element(f"{{{record.namespace}}}Batch", nsmap={None: record.namespace})
        holder.extend(mutant.element for mutant in mutants)
    else:
        holder = holding(subject.chain, record, [mutant.element for mutant in mutants])
    reader = parse(subject.message, io.BytesIO(etree.tostring(holder)), records_per_chunk=1_000)
    found, at = set(), 1
    for frame in reader:
        found |= set(check(subject.message, frame, first_record=at)["record"])
        at += frame.height
    assert at - 1 == len(mutants), f"{at - 1} records read of {len(mutants)} mutants"
    faults = set(reader.faults["record"])
    outcome = Outcome(mutants=len(mutants))
    for number, mutant in enumerate(mutants, start=1):
        outcome.kinds[mutant.kind] += 1
        outcome.places.add((mutant.kind, mutant.place))
        outcome.valid += mutant.valid
        ours = number not in faults and number not in found
        if not mutant.valid and number in faults:
            outcome.faults_only_parser += 1
        elif not mutant.valid:
            outcome.by_check += 1
        if ours != mutant.valid:
            text = etree.tostring(mutant.element, encoding="unicode")
            outcome.disagreements.append(
                f"{subject.name} {mutant.kind} at {mutant.place}: libxml2 {mutant.valid}\n{text}"
            )
    return outcome


def run_documents(count: int, seed: int) -> Outcome:
    """The same over whole enveloped documents of auth.031: changes in the envelope, its header and the records."""
    message, schema = messages.load("auth.031.001.01"), envelope_schema()
    outcome = Outcome()
    for mutant in make_mutants(message.root(True), count, seed, systematic=False):
        text = etree.tostring(mutant.element)
        mutant.valid = schema.validate(etree.fromstring(text))
        ours, by_parser = verdict(message, text)
        outcome.mutants += 1
        outcome.kinds[mutant.kind] += 1
        outcome.places.add((mutant.kind, mutant.place))
        outcome.valid += mutant.valid
        outcome.faults_only_parser += not mutant.valid and by_parser
        outcome.by_check += not mutant.valid and not by_parser
        if ours != mutant.valid:
            outcome.disagreements.append(f"document {mutant.kind} at {mutant.place}: libxml2 {mutant.valid}\n{text!r}")
    return outcome


def verdict(message: Message, document: bytes) -> tuple[bool, bool]:
    """(valid, whether it was the parser that saw a fault) of a whole document."""
    reader = parse(message, io.BytesIO(document))
    findings = [check(message, frame) for frame in reader]
    if reader.faults.height:
        return False, True
    findings.append(check(message, None, head=reader.head))
    findings.append(check_records_present(message, reader.head, reader.records))
    return all(found.is_empty() for found in findings), False


NAMES = ("auth.016.001.01", "auth.016.001.03", "auth.031.001.01", "head.001.001.01")


def main() -> int:
    """Run the campaign and print its counts; 1 if anything disagrees."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--mutants", type=int, default=12_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--messages", nargs="*", default=NAMES)
    given = arguments.parse_args()
    total, start = Outcome(), time.perf_counter()
    for name in given.messages:
        outcome = run(subject(name), given.mutants // len(given.messages), given.seed)
        print(line(name, outcome), flush=True)
        total.add(outcome)
    if "head.001.001.01" in given.messages:
        outcome = run_documents(given.mutants // 20, given.seed)
        print(line("enveloped documents", outcome), flush=True)
        total.add(outcome)
    print(line("all", total), f"in {time.perf_counter() - start:.0f} s")
    print("by kind:", ", ".join(f"{kind} {count}" for kind, count in sorted(total.kinds.items())))
    for text in total.disagreements[:10]:
        print("DISAGREE", text)
    return 1 if total.disagreements else 0


def line(name: str, outcome: Outcome) -> str:
    """The counts in one line."""
    return (
        f"{name}: {outcome.mutants} mutants, {outcome.valid} valid, {outcome.invalid} invalid "
        f"({outcome.faults_only_parser} seen by the parser, {outcome.by_check} by the column check alone), "
        f"{len(outcome.places)} pairs of kind and type, {len(outcome.disagreements)} disagreements"
    )


if __name__ == "__main__":
    sys.exit(main())
