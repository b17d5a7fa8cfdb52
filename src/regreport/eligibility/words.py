"""From the outcomes of the blocks to what is said of a record: decision, rule, reason, and the fact that is missing.

A block that is open speaks with the words of its first UNDECIDED rule that holds because of a fact which the open rule
needs; if there is none, it names the facts.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from regreport.eligibility.pack import NONE, TRADE_DATE, Pack
from regreport.engine.decision import Decision, Effect, bounds

Answer = tuple[str, str | None, str | None, str | None]
"""decision, rule, reason, missing."""


def answers(pack: Pack, facts: pl.DataFrame) -> list[Answer]:
    """What is said of each combination of facts, in order.

    The first block that takes it out decides; else the first that is open or undecided holds it; else it is reportable,
    and the first passing rule with `says` is quoted (or the last block's).
    """
    told: list[Answer | None] = [None] * facts.height
    blocks = [words.rows() for _, words in block_answers(pack, facts)]
    says = {r.id for r in pack.rules if r.says}
    for row, outcomes in enumerate(zip(*blocks, strict=True)):
        out = next((o for o in outcomes if o[0] == Effect.NOT_REPORTABLE.value), None)
        held = next((o for o in outcomes if o[0] == Effect.UNDECIDED.value), None)
        quoted = next((o for o in outcomes if o[1] in says), outcomes[-1])
        decision, (_, rule, reason, missing) = (
            (Decision.NOT_REPORTABLE, out)
            if out
            else (Decision.UNDECIDED, held)
            if held
            else (Decision.REPORTABLE, quoted)
        )
        told[row] = (decision.value, rule, reason, missing if decision is Decision.UNDECIDED else None)
    return [answer for answer in told if answer is not None]


def block_answers(pack: Pack, facts: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each block with outcome, rule, reason, missing of every row."""
    verdicts = pack.outcome(facts)
    for block, (name, _) in enumerate(pack.blocks):
        yield name, _block(pack, block, facts, verdicts)


def _block(pack: Pack, block: int, facts: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    decider = verdicts[f"d{block}"]
    known = decider.replace(NONE, None)
    effects = pl.Series([r.effect.value for r in pack.rules], dtype=pl.String)
    words = pl.DataFrame(
        {
            "outcome": effects.gather(known).fill_null(Effect.UNDECIDED.value),
            "rule": pl.Series([r.id for r in pack.rules], dtype=pl.String).gather(known),
            "reason": pl.Series([r.reason for r in pack.rules], dtype=pl.String).gather(known),
            "missing": pl.Series([r.asks or None for r in pack.rules], dtype=pl.String).gather(known),
        }
    )
    first_open = verdicts.filter(decider == NONE)[f"u{block}"].unique().sort()
    for number in first_open:
        here = (decider == NONE) & (verdicts[f"u{block}"] == number)
        rows = facts.filter(here)
        said = _uncovered(pack.blocks[block][0], rows.height) if number == NONE else _open(pack, block, number, rows)
        places = here.arg_true()
        words = words.with_columns(words[c].scatter(places, said[c]) for c in words.columns)
    return words


def _uncovered(block: str, rows: int) -> pl.DataFrame:
    reason = f"No rule of the block '{block}' covers this record; look at its facts, or report a gap in the rules."
    words = {"outcome": Effect.UNDECIDED.value, "rule": f"NO-RULE-{block}", "reason": reason, "missing": ""}
    return pl.DataFrame([words] * rows)


def _open(pack: Pack, block: int, number: int, rows: pl.DataFrame) -> pl.DataFrame:
    """What to say where rule `number` is the first open one of its block."""
    rule = pack.rules[number]
    names = [pl.when(pl.col(c).is_null()).then(pl.lit(c.removeprefix("@"))) for c in rule.needs]
    if TRADE_DATE in rows.columns:
        names.append(pl.when(pl.col(TRADE_DATE).is_null()).then(pl.lit("timestamp")))
    missing = pl.concat_str(names, separator=" ", ignore_nulls=True)
    reason = pl.format(
        "Not known: {}. Rule {} turns on it: {} Supply it in the source columns of that name.",
        missing,
        pl.lit(rule.id),
        pl.lit(rule.sentence),
    )
    said = {"rule": pl.lit(rule.id), "reason": reason, "missing": missing}
    for other in reversed(pack.numbers(block, Effect.UNDECIDED)):
        speaker = pack.rules[other]
        if not set(speaker.columns).intersection(rule.needs):
            continue
        holds = bounds(speaker.when, speaker.absent_is_known)[0]
        own = {
            "rule": pl.lit(speaker.id),
            "reason": pl.lit(speaker.reason),
            "missing": pl.lit(speaker.asks) if speaker.asks else missing,
        }
        said = {name: pl.when(holds).then(own[name]).otherwise(said[name]) for name in said}
    words = rows.select(pl.lit(Effect.UNDECIDED.value).alias("outcome"), pl.col(pack.columns[0]).alias("@"), **said)
    return words.select("outcome", "rule", "reason", "missing")
