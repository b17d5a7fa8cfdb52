"""What no field of auth.016 needs, and other messages do: groups in groups, own text beside attributes, conditions."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from regreport.engine.fields import load_layer
from regreport.engine.fields_columns import alike, with_values
from regreport.engine.message import Message
from regreport.engine.table import Attribute, Facets, Node


def test_groups_within_groups(tmp_path: Path) -> None:
    text = Facets()
    amount = Node("Amt", "leaf", max=None, facets=text, attributes=(Attribute("Ccy", True, "Ccy", text),))
    leg = Node("Leg", "sequence", min=0, max=None, children=(Node("Id", "leaf", facets=text), amount))
    new = Node("New", "sequence", children=(Node("Side", "leaf", min=0, facets=text), leg))
    modify = Node("Mod", "sequence", children=(Node("Side", "leaf", facets=text), leg))
    record = Node("Rpt", "choice", children=(new, modify))
    message = Message("test", "urn:x", "Rpt", record, None, record)
    (tmp_path / "fields.csv").write_text(
        "number,name,column,type,presence,source\n1,Action,action,code,M,x\n2,Side,side,code,M,x\n"
        "3,Leg,leg.id,text,M,x\n4,Amount,leg.amount.value,decimal,M,x\n5,Currency,leg.amount.currency,currency,M,x\n"
    )
    rows = ["1,,New/=,action=NEWT", "1,,Mod/=,action=MODI"]
    for tag, action in (("New", "NEWT"), ("Mod", "MODI")):
        rows += [f"2,side,{tag}/Side,action={action}", f"3,leg.id,{tag}/Leg[]/Id,action={action}"]
        rows += [f"4,leg.amount.value,{tag}/Leg[]/Amt[],action={action}"]
        rows += [f"5,leg.amount.currency,{tag}/Leg[]/Amt[]/@Ccy,action={action}"]
    (tmp_path / "paths.csv").write_text("field,column,path,when\n" + "\n".join(rows) + "\n")
    layer = load_layer(tmp_path / "fields.csv", tmp_path / "paths.csv", message)
    assert layer.unclaimed() == []
    legs = [{"Id": "a", "Amt": [{"": "1", "@Ccy": "EUR"}, {"": "2", "@Ccy": None}]}, {"Id": "b", "Amt": None}]
    wire = pl.DataFrame(
        {
            "New/": [None, None, True],
            "New/Side": ["B", None, None],
            "New/Leg": [legs, None, None],
            "Mod/Side": [None, "S", None],
            "Mod/Leg": [None, legs[:1], None],
        }
    )
    fields = layer.to_fields(wire)
    assert fields["action"].to_list() == ["NEWT", "MODI", "NEWT"]
    assert fields["leg"][1].to_list() == [
        {"id": "a", "amount": [{"value": "1", "currency": "EUR"}, {"value": "2", "currency": None}]}
    ]
    back = with_values(layer.to_wire(fields))
    assert sorted(back) == sorted(wire.columns)
    assert all(alike(values, wire[name]) for name, values in back.items())
    assert layer.unclaimed_in(wire) == []
