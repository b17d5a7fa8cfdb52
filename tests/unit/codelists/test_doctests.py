"""The examples in the modules' own pages are true, and no module is without a good and a bad one."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import regreport.codelists

MODULES = sorted(module.name for module in pkgutil.iter_modules(regreport.codelists.__path__))
IDENTIFIERS = ["cfi", "concat", "country", "currency", "isin", "lei", "mic", "national_number", "upi", "uti"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name: str) -> None:
    module = importlib.import_module(f"regreport.codelists.{name}")
    result = doctest.testmod(module)
    assert result.failed == 0


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_every_identifier_shows_a_good_and_a_bad_value_and_its_source(name: str) -> None:
    page = importlib.import_module(f"regreport.codelists.{name}").__doc__ or ""
    assert "Source:" in page
    assert "True" in page
    assert "False" in page


def test_a_false_example_would_be_noticed() -> None:
    lie = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "lie", None, None)
    report: list[str] = []
    assert doctest.DocTestRunner(verbose=False).run(lie, out=report.append).failed == 1
    assert "Expected" in "".join(report)
