"""Small tables of the reference: columns of CSV files, filters, error codes, audit events, the glossary."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re

import dropcopy_tui
import screens
from dropcopy_tui.domain.actions import ACTIONS
from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.glossary import GLOSSARY
from dropcopy_tui.services.imports.csv_lines import Columns
from dropcopy_tui.services.imports.imports import KINDS
from dropcopy_tui.services.imports.kinds import ImportKind
from dropcopy_tui.services.imports.sendercomps import COLUMNS
from tests.documents.regions import table
from tests.screens.every_screen import subclasses

# A line of each kind of file.
EXAMPLES = {
    ImportKind.ENTITIES: "ACME,Acme Securities,no",
    ImportKind.PEOPLE: (
        "ops-desk,Operations desk,ops@acme.example,full_access@ACME;key_management@ACME,+1 202 555 0100,"
    ),
    ImportKind.FRONT_ENDS: "ACME,Ladder One,5.0,Sample",
    ImportKind.SENDERCOMPS: "ACME,brokertec_us,A1B,ACM01,P,msgw,,active",
    ImportKind.SESSIONS: "ACME,brokertec_us,A1B,order_entry,msgw",
}
# Codes that no error of the desk has: how a command line can fail besides.
BESIDE = {
    "usage": (2, "The command line cannot be understood: a missing or unknown option, a value of another kind."),
    "incident": (1, "An unexpected error; its trace is in the [incident log](files.md)."),
    "disk_full": (1, "The disk is full, or the device that standard output is written to."),
}
# What a docstring says to those who read the code: the number of a rule.
_RULE = re.compile(r"^(?:Rule \w+: )|\s*\((?:rules? [\w, ]+|domain section \d+)\)")
_NOUNS = {"mail": "Outgoing messages", "imports": "Imports", "factor": "Second factors", "challenge": "One-time codes"}


def columns_of(kind: ImportKind) -> Columns:
    """The columns of a kind of file."""
    return COLUMNS if kind is ImportKind.SENDERCOMPS else KINDS[kind].columns


def csv_files_region() -> str:
    """Each kind of file with its columns, in brackets where the header may leave them out, and a line of one."""
    rows = []
    for kind in ImportKind:
        columns = columns_of(kind)
        named = ",".join([*columns.required, *(f"[{name}]" for name in columns.optional)])
        rows.append((f"`{kind}`", f"`{named}`", f"`{EXAMPLES[kind]}`"))
    return table(("file", "columns", "example"), rows)


def filters_region() -> str:
    """The filters as options, files and JSON name them."""
    return table(("filter", "name", "messages"), [(f"`{kind.value}`", kind.words, kind.meaning) for kind in Filter])


def errors_region() -> str:
    """Every error code with its exit code and what it means."""
    rows = {code: (f"`{code}`", str(exit_code), words) for code, (exit_code, words) in BESIDE.items()}
    for kind in error_kinds():
        rows.setdefault(kind.code, (f"`{kind.code}`", str(kind.exit_code), _meaning(kind)))
    return table(("code", "exit", "meaning"), [rows[code] for code in sorted(rows)])


def error_kinds() -> list[type[DeskError]]:
    """Every kind of error that has a code of its own, and the one below all."""
    for package in (dropcopy_tui, screens):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith((".__main__", ".env")) and ".migrations" not in module.name:
                importlib.import_module(module.name)
    found = {each for each in subclasses(DeskError) if "code" in each.__dict__ and ".tests" not in each.__module__}
    ours = [each for each in found if each.__module__.startswith(("dropcopy_tui.", "screens."))]
    return [DeskError, *sorted(ours, key=lambda each: (each.code, each.__name__))]


def _meaning(kind: type[DeskError]) -> str:
    if kind is DeskError:
        return "Refused; the message says why."
    said = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
    words = _RULE.sub("", said)
    return words[:1].upper() + words[1:]


def events_region() -> str:
    """Every action of the audit trail by its noun."""
    nouns = sorted({action.partition(":")[0] for action in ACTIONS})
    return "\n\n".join(_events(noun) for noun in nouns)


def _events(noun: str) -> str:
    title = _NOUNS.get(noun) or f"{noun.replace('_', ' ').replace('keypair', 'key pair').capitalize()}s"
    rows = [(f"`{action}`", ACTIONS[action]) for action in sorted(ACTIONS) if action.partition(":")[0] == noun]
    return f"### {title.replace('Ssh', 'SSH').replace('Persons', 'People')}\n\n{table(('action', 'meaning'), rows)}"


def glossary_region() -> str:
    """Every word of the desk."""
    rows = [(f"**{word}**", GLOSSARY[word]) for word in sorted(GLOSSARY, key=str.casefold)]
    return table(("word", "meaning"), rows)
