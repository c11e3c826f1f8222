"""Drop copy groups that are there: looked at, changed, deleted."""

from __future__ import annotations

from dropcopy_tui.walkthroughs.steps import Line, Text, Walkthrough, WalkthroughStep, open_by_name

BROWSE_GROUPS = Walkthrough(
    name="browse-groups",
    title="Look at a drop copy group",
    person="acme-viewer",
    role="viewer",
    rows=(1, 2, 25, 26),
    steps=(
        WalkthroughStep(
            "The menu on the left is that of the Request Center. Enter opens the BrokerTec groups.",
            (Line("Drop Copy Groups"), "enter"),
            ("EU-GOVIES", "US-RATES-RISK"),
            shot="groups",
        ),
        WalkthroughStep(
            "Enter opens the group under the cursor.", (Line("EU-GOVIES"), "enter"), ("Gilt Desk 4.2", "Heartbeat")
        ),
        WalkthroughStep("Tab goes to its target sessions.", ("group.next_tab",), ("T2E", "expiring"), shot="targets"),
        WalkthroughStep("s shows the public key IDs. The secret key is never shown.", ("keypairs.show",), ("T2E",)),
        WalkthroughStep(
            "Tab again: the SenderComps whose messages it copies.", ("group.next_tab",), ("02VACE01B", "248")
        ),
        WalkthroughStep("The last tab counts them by Globex Firm.", ("group.next_tab",), ("ACE01",), shot="firms"),
    ),
)

EDIT_GROUP = Walkthrough(
    name="edit-group",
    title="Change a group",
    person="acme-operator",
    role="operator",
    rows=(19, 20),
    steps=(
        WalkthroughStep("Open the groups of BrokerTec.", (Line("Drop Copy Groups"), "enter"), ("EU-GOVIES",)),
        WalkthroughStep("Open the group that is to change.", (Line("US-ACTIVES"), "enter"), ("Ladder One 5.0",)),
        WalkthroughStep(
            "e opens the same wizard at its last page, which lists what would change: nothing so far.",
            ("groups.edit",),
            ("Changes none yet",),
            shot="nothing",
        ),
        WalkthroughStep(
            "Choose what to change. Here it is the name.",
            (Line("Change: Name"), "enter"),
            ("Enter a name that is unique",),
        ),
        WalkthroughStep(
            "The old name is there. Press End, type -NY behind it, and press Enter.",
            ("end", Text("-NY"), "enter"),
            ("US-ACTIVES-NY",),
        ),
        WalkthroughStep(
            "Ctrl-T and 6 go straight to the review.", ("wizard.steps", Text("6")), ("Only the differences",)
        ),
        WalkthroughStep("Each change is shown as before and after.", (), ("US-ACTIVES-NY",), shot="change"),
        WalkthroughStep(
            "Ctrl-Y submits. The group changes only when the request is completed.",
            ("drafts.submit",),
            ("was completed",),
        ),
    ),
)

DELETE_GROUP = Walkthrough(
    name="delete-group",
    title="Delete a group",
    person="acme-operator",
    role="operator",
    rows=(22, 23, 24),
    steps=(
        WalkthroughStep("Open the groups of BrokerTec.", (Line("Drop Copy Groups"), "enter"), ("US-BACKUP",)),
        WalkthroughStep(
            "Put the cursor on the group and press d.", (Line("US-BACKUP"), "groups.delete"), ("Delete",), shot="sure"
        ),
        WalkthroughStep(
            "Deleting needs the group's name, typed. It says what stops: its target session, and with it the feed.",
            (Text("US-BACKUP"), "enter"),
            ("DC-2026-000039",),
        ),
    ),
)

COVERAGE = Walkthrough(
    name="coverage",
    title="Find SenderComps that no group copies",
    person="acme-operator",
    role="operator",
    rows=(9, 26),
    steps=(
        WalkthroughStep(
            "The palette opens any screen by a part of its name.", open_by_name("coverage"), ("198 active SenderComps",)
        ),
        WalkthroughStep(
            "/ filters as you type.",
            ("list.filter", Text("0fz"), "enter"),
            ("0FZCLRB", "1 of 2 SenderComps"),
            shot="filtered",
        ),
        WalkthroughStep(
            "Enter asks who gets the messages of the SenderComp under the cursor.", ("enter",), ("No group",)
        ),
    ),
)

FRONT_ENDS = Walkthrough(
    name="map-front-end",
    title="Let an entity use a front end system",
    person="acme-admin",
    role="user administrator",
    rows=(21,),
    steps=(
        WalkthroughStep(
            "Open Front End Mapping from the palette.", open_by_name("front end map"), ("Auction Room", "Mapped")
        ),
        WalkthroughStep(
            "Space maps the system under the cursor, once you say so.", ("front_ends.turn",), ("Map Auction Room 4.2",)
        ),
        WalkthroughStep(
            "Map it. Groups of this entity can choose it from now on.",
            (Line("Map"), "enter"),
            ("Auction Room 4.2 Sample F yes",),
            shot="mapped",
        ),
        WalkthroughStep(
            "A system that a group uses stays.",
            ("list.filter", Text("gilt"), "enter"),
            ("Gilt Desk 4.2 Sample A yes 1",),
        ),
        WalkthroughStep(
            "Try to unmap it: the refusal says which group uses it.", ("front_ends.turn",), ("EU-GOVIES",), shot="used"
        ),
    ),
)

DELETE_SEVERAL = Walkthrough(
    name="delete-several-groups",
    title="Delete several groups in one step",
    person="acme-operator",
    role="operator",
    rows=(22,),
    steps=(
        WalkthroughStep("Open the groups of BrokerTec.", (Line("Drop Copy Groups"), "enter"), ("EU-GOVIES",)),
        WalkthroughStep(
            "Space selects a group and moves to the next one.",
            (Line("US-RATES-RISK"), "list.pick", "list.pick"),
            ("2 selected",),
        ),
        WalkthroughStep(
            "d names both, what stops and which target sessions are released: only GAM can delete a Session ID.",
            ("groups.delete",),
            ("Delete 2 groups", "Only GAM"),
            shot="both",
        ),
        WalkthroughStep("Escape leaves everything as it was.", ("escape",), ("2 selected",)),
    ),
)

CHANGE_FILTERS = Walkthrough(
    name="change-filters",
    title="Change which messages a group copies",
    person="acme-operator",
    role="operator",
    rows=(7, 20),
    steps=(
        WalkthroughStep(
            "Open the group.", (Line("Drop Copy Groups"), "enter", Line("US-ACTIVES"), "enter"), ("Ladder One 5.0",)
        ),
        WalkthroughStep(
            "e, then the filters.", ("groups.edit", Line("Change: Filters"), "enter"), ("Select the messages to copy",)
        ),
        WalkthroughStep(
            "Space takes one away. w shows what that means for a log.",
            (Line("Trade Busts"), "filters.turn"),
            ("[ ] Trade Busts",),
            shot="filters",
        ),
        WalkthroughStep(
            "The review shows the difference only.", ("wizard.steps", Text("6")), ("Trade Busts",), shot="review"
        ),
    ),
)

CHANGE_SOURCES = Walkthrough(
    name="change-sources",
    title="Take SenderComps out of a group",
    person="acme-operator",
    role="operator",
    rows=(8, 20),
    steps=(
        WalkthroughStep(
            "Open the group.", (Line("Drop Copy Groups"), "enter", Line("EU-GOVIES"), "enter"), ("Gilt Desk 4.2",)
        ),
        WalkthroughStep(
            "e, then the SenderComps.", ("groups.edit", Line("Change: SenderComps"), "enter"), ("Added 248",)
        ),
        WalkthroughStep(
            "Tab goes to what is added. Space selects, - removes.",
            ("tab", "list.pick", "list.pick", "sources.remove"),
            ("Added 246",),
            shot="removed",
        ),
        WalkthroughStep("The review counts them.", ("wizard.steps", Text("6")), ("248 -> 246",), shot="review"),
    ),
)

EXPORT_LIST = Walkthrough(
    name="export-list",
    title="Write a list to a file",
    person="acme-operator",
    role="operator",
    rows=(26,),
    steps=(
        WalkthroughStep(
            "Open a group and go to its SenderComps.",
            (Line("Drop Copy Groups"), "enter", "enter", "group.next_tab", "group.next_tab"),
            ("248 SenderComps",),
        ),
        WalkthroughStep(
            "x exports the whole list, or what / has left of it, as CSV.", ("list.export",), ("csv",), shot="export"
        ),
        WalkthroughStep("Escape writes nothing.", ("escape",), ("248 SenderComps",)),
    ),
)

FIND_SOURCE = Walkthrough(
    name="find-in-a-long-list",
    title="Find a SenderComp among thousands",
    person="acme-operator",
    role="operator",
    rows=(9, 26),
    steps=(
        WalkthroughStep(
            "Open a group and go to its SenderComps.",
            (Line("Drop Copy Groups"), "enter", Line("US-REPO"), "enter", "group.next_tab", "group.next_tab"),
            ("892 SenderComps",),
        ),
        WalkthroughStep(
            "/ searches as you type, in any part of the ID. Several words narrow it further.",
            ("list.filter", Text("acr02 7"), "enter"),
            ("/acr02 7",),
            shot="found",
        ),
        WalkthroughStep("G goes to the last row, g to the first.", ("list.last", "list.first"), ("/acr02 7",)),
        WalkthroughStep("Escape shows all of them again.", ("escape",), ("892 SenderComps",)),
    ),
)

ALL = (
    BROWSE_GROUPS,
    EDIT_GROUP,
    DELETE_GROUP,
    COVERAGE,
    FRONT_ENDS,
    DELETE_SEVERAL,
    CHANGE_FILTERS,
    CHANGE_SOURCES,
    EXPORT_LIST,
    FIND_SOURCE,
)
