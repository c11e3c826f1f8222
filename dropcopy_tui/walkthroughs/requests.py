"""Requests: followed, approved, denied, cancelled, asked again."""

from __future__ import annotations

from dropcopy_tui.walkthroughs.steps import Line, Text, Walkthrough, WalkthroughStep, open_by_name

FOLLOW_REQUEST = Walkthrough(
    name="follow-request",
    title="See what became of a request",
    person="acme-operator",
    role="operator",
    rows=(10, 11, 12),
    steps=(
        WalkthroughStep(
            "My Requests has everything that you submitted, the newest first.", open_by_name("my requests"), ("000038",)
        ),
        WalkthroughStep(
            "Enter opens one: what it changes, and what has happened so far.",
            ("enter",),
            ("awaiting approval by",),
            shot="open",
        ),
        WalkthroughStep("Tab shows the SenderComps of the request.", ("request.next_tab",), ("198",)),
        WalkthroughStep(
            "Escape goes back to the list; / finds requests that failed.",
            ("escape", "list.filter", Text("failed"), "enter"),
            ("Failed",),
        ),
        WalkthroughStep("A failed request says why.", ("enter",), ("Failed",), shot="failed"),
    ),
)

APPROVE_REQUEST = Walkthrough(
    name="approve-request",
    title="Approve a request",
    person="placehld-approver",
    role="approver",
    rows=(13,),
    steps=(
        WalkthroughStep(
            "Home says that a request awaits your approval. Right moves to it.",
            ("right",),
            ("1 request awaits your approval",),
        ),
        WalkthroughStep("Enter opens To Do.", ("enter",), ("DC-2026-000036",)),
        WalkthroughStep(
            "Enter opens the request: read it before you decide.",
            ("enter",),
            ("create group DESK-RISK", "198"),
            shot="read",
        ),
        WalkthroughStep(
            "a approves. You are asked first, and everything is shown once more.",
            ("requests.approve",),
            ("Approve DC-2026-000036?",),
        ),
        WalkthroughStep(
            "Approve. The group is set up immediately.", (Line("Approve"), "enter"), ("DC-2026-000036",), shot="done"
        ),
    ),
)

DENY_REQUEST = Walkthrough(
    name="deny-request",
    title="Deny a request with a reason",
    person="clearing-approver",
    role="approver of the clearing firm",
    rows=(13,),
    steps=(
        WalkthroughStep(
            "Two requests await the clearing firm's approval. Ctrl-P opens any screen by its name: To Do.",
            open_by_name("to do"),
            ("of 2 requests",),
        ),
        WalkthroughStep(
            "d denies the one under the cursor. A reason is required: whoever submitted the request reads it.",
            ("requests.deny",),
            ("Reason, 1 to 500 characters",),
        ),
        WalkthroughStep(
            'Say why: type "ask the desk first", and press Enter.',
            (Text("ask the desk first"), "enter"),
            ("denied",),
            shot="done",
        ),
    ),
)

CANCEL_REQUEST = Walkthrough(
    name="cancel-request",
    title="Cancel your own request",
    person="acme-operator",
    role="operator",
    rows=(12, 13),
    steps=(
        WalkthroughStep("Open My Requests.", open_by_name("my requests"), ("DC-2026-000038",)),
        WalkthroughStep("Open the request that still waits.", ("enter",), ("In Progress",)),
        WalkthroughStep(
            "c cancels it; the question says what that means.", ("requests.cancel",), ("Cancel",), shot="sure"
        ),
    ),
)


ASK_AGAIN = Walkthrough(
    name="ask-again",
    title="Ask again after a failed request",
    person="acme-operator",
    role="operator",
    rows=(11, 12),
    steps=(
        WalkthroughStep(
            "Find the request that failed.",
            (*open_by_name("my requests"), "list.filter", Text("failed"), "enter", "enter"),
            ("Failed", "Reason"),
        ),
        WalkthroughStep(
            "n makes a draft with everything that it had.", ("requests.again",), ("US-ACTIVES",), shot="draft"
        ),
    ),
)

REQUEST_TABS = Walkthrough(
    name="request-lists",
    title="See all requests of your entities",
    person="acme-operator",
    role="operator",
    rows=(12,),
    steps=(
        WalkthroughStep("My Requests begins with your own.", open_by_name("my requests"), ("[1 Request Status]",)),
        WalkthroughStep(
            "Tab shows what awaits your decision, and again everything of your entities.",
            ("requests.next_tab", "requests.next_tab"),
            ("[3 All]",),
            shot="all",
        ),
        WalkthroughStep("s sorts by the next column, and again in reverse.", ("list.sort",), ("[3 All]",)),
    ),
)


ALL = (
    FOLLOW_REQUEST,
    APPROVE_REQUEST,
    DENY_REQUEST,
    CANCEL_REQUEST,
    ASK_AGAIN,
    REQUEST_TABS,
)
