"""The rules of MiFIR transaction reports: one value each, one module a subject, all of them in the order of the fields.

`RULES` run over the records of a report (`engine.rule.run_rules`), `FILE_RULES` over the facts of a file
(`file.check_file`). `LISTED` says of every row of the list that the pack is measured against which rules do it or why
none does, `NOT_DONE` are the latter, `FACTS` are the `@` facts that the rules look at.

Where a code of the authority was read in a public source, it is the rule's id and `official`; the others have ids of
our own: R22-ESMA-nnn where ESMA's number is known and its code is not, R22-<field>-nn for what Annex I asks,
MFR-<field>-nn for what only looks wrong.

Sources: RTS 22 (EU) 2017/590; ESMA65-8-2594 as far as other public texts quote it; FCA Market Watch 59, 62, 70, 74.
"""

from __future__ import annotations

from typing import Final

from regreport.engine.rule import AnyRule
from regreport.regimes.mifir.rules import (
    classes,
    clock,
    decision,
    defaults,
    derivative,
    indicators,
    instrument,
    intc,
    makers,
    option,
    parties,
    persons,
    price,
    prices,
    references,
    report,
    trade,
    venue,
)
from regreport.regimes.mifir.rules.facts import FACTS
from regreport.regimes.mifir.rules.file import FILE_RULES, check_file, check_files
from regreport.regimes.mifir.rules.file_facts import FileFacts
from regreport.regimes.mifir.rules.listed import LISTED, NOT_DONE, Listed

RULES: Final[tuple[AnyRule, ...]] = (
    *references.RULES,
    *report.RULES,
    *parties.RULES,
    *persons.RULES,
    *makers.RULES,
    *trade.RULES,
    *price.RULES,
    *venue.RULES,
    *instrument.RULES,
    *classes.RULES,
    *derivative.RULES,
    *option.RULES,
    *decision.RULES,
    *indicators.RULES,
    *intc.RULES,
    *prices.RULES,
    *clock.RULES,
    *defaults.RULES,
)

__all__ = ["FACTS", "FILE_RULES", "LISTED", "NOT_DONE", "RULES", "FileFacts", "Listed", "check_file", "check_files"]
