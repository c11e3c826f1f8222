"""Files as spreadsheets write them: what is meant is read, and what is refused says its cause."""

from __future__ import annotations

import pytest

from tests.services.test_imports import operator, reason, resources, rows, run

__all__ = ["operator", "resources"]
HEADER = "entity,name,clearing_firm\n"


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("entity;name;clearing_firm\nBETA;Beta LLC;no\n", "The columns are separated by semicolons."),
        ("entity\tname\tclearing_firm\nBETA\tBeta LLC\tno\n", "The columns are separated by tabs."),
        ("sep=,\n" + HEADER, "The first line is an instruction to a spreadsheet (sep=), not the header."),
        ("sep=;\nentity;name;clearing_firm\n", "The first line is an instruction to a spreadsheet (sep=)"),
    ],
)
def test_the_separator_is_named(resources, operator, content: str, cause: str) -> None:
    report = run(resources, operator, "entities", content)
    assert (report.imported, report.rejected) == (0, 1)
    assert reason(report, 1).startswith(cause)


def test_windows_1252_is_recognised(resources, operator) -> None:
    report = run(resources, operator, "entities", HEADER.encode() + "BETA,Caf\u00e9 LLC,no\n".encode("cp1252"))
    assert "byte 9 of this line is 0xE9, which in Windows-1252 is 'é'." in reason(report, 2)


def test_case_blank_rows_and_spaces_do_not_matter(resources, operator) -> None:
    content = (
        "Entity,MARKET,Session_ID,GFID,FTI,Gateway\n ACME\u00a0,BrokerTec_US,AAA,AB1,P,\u00a0MSGW\n,,,,,\n , ,,,,\n\n"
    )
    report = run(resources, operator, "sendercomps", content)
    assert (report.read, report.imported, report.rejected, report.errors) == (1, 1, 0, ())
    assert rows(resources, "SELECT market, sender_comp_id, gateway FROM sender_comp") == [
        ("brokertec_us", "AAAAB1P", "msgw")
    ]


def test_a_yes_is_a_yes(resources, operator) -> None:
    assert run(resources, operator, "entities", HEADER + "BETA,Beta LLC,YES\n").imported == 1
    assert rows(resources, "SELECT clearing_firm FROM entity WHERE code = 'BETA'") == [(1,)]
