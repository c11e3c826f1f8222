"""Drop copy groups: made, changed, deleted, looked at."""

from __future__ import annotations

from dropcopy_tui.walkthroughs.steps import Line, Text, Walkthrough, WalkthroughStep, open_by_name

CREATE_GROUP = Walkthrough(
    name="create-group",
    title="Request a drop copy group",
    person="acme-operator",
    role="operator",
    rows=(3, 4, 5, 6, 7, 9, 10, 11),
    steps=(
        WalkthroughStep(
            "Home shows what needs attention. n begins a new group from anywhere on it.",
            ("groups.create",),
            ("Create New Group", "BrokerTec EU"),
            shot="market",
        ),
        WalkthroughStep(
            "Choose the market. BrokerTec U.S. is marked already.",
            ("enter",),
            ("New group in BrokerTec U.S.", "A fee applies to every group after the first"),
            shot="fee",
        ),
        WalkthroughStep(
            "A dialog says how many groups the entity has and what another one costs. Nothing is created yet.",
            (Line("Proceed"), "enter"),
            ("1 to 30 characters",),
        ),
        WalkthroughStep(
            "The entity is filled in, because there is only one. Type a name: it must be unique within the entity.",
            (Text("US-TREASURY-RISK"),),
            ("US-TREASURY-RISK",),
            shot="name",
        ),
        WalkthroughStep(
            "Enter goes to the next step.", ("enter",), ("Select the front end system that sends the orders",)
        ),
        WalkthroughStep(
            "Choose the front end system that sends the orders. Here it is the first one.",
            ("enter",),
            ("Optional: select at least one",),
        ),
        WalkthroughStep(
            "Choose which messages are copied. Heartbeat and Reject are mandatory; Space selects one more.",
            (Line("Acknowledgement"), "filters.turn"),
            ("[x] Acknowledgement messages",),
            shot="filters",
        ),
        WalkthroughStep("Enter goes to the SenderComps.", ("enter",), ("Available 2,777",)),
        WalkthroughStep(
            "* selects everything that matches. The list may have a million rows: the keys are the same.",
            ("list.pick_all",),
            ("2,777 selected",),
            shot="sources",
        ),
        WalkthroughStep("+ adds what is selected to the group.", ("sources.add",), ("Added 2,777",)),
        WalkthroughStep(
            "The last step shows the whole request on one page: read it before you submit.",
            ("enter",),
            ("Review. Nothing is created until you submit",),
            shot="submit",
        ),
        WalkthroughStep(
            "Submit. No approval is needed here, so the group is set up immediately, and its target session is named.",
            ("drafts.submit",),
            ("was completed", "Target session"),
            shot="done",
        ),
        WalkthroughStep(
            "o opens the new group.", ("finished.group",), ("2 Target Sessions", "none (k to generate)"), shot="target"
        ),
    ),
)

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

CREATE_EU_GROUP = Walkthrough(
    name="create-group-of-a-firm",
    title="Request a group of one Globex Firm",
    person="acme-operator",
    role="operator",
    rows=(4, 8, 9),
    steps=(
        WalkthroughStep("n begins a new group.", ("groups.create",), ("Create New Group",)),
        WalkthroughStep(
            "This time the market is BrokerTec EU.", (Line("BrokerTec EU"), "enter"), ("New group in BrokerTec EU",)
        ),
        WalkthroughStep("Proceed accepts the fee.", (Line("Proceed"), "enter"), ("1 to 30 characters",)),
        WalkthroughStep(
            "Name it, and choose the first front end system.", (Text("EU-ACE02"), "enter", "enter"), ("Mandatory",)
        ),
        WalkthroughStep(
            "Copy fills only: Space selects the filter under the cursor.",
            (Line("Trade - Fill Notice"), "filters.turn", "enter"),
            ("Globex Firm: all",),
        ),
        WalkthroughStep(
            "f narrows the list to one Globex Firm. Choose ACE02.",
            ("sources.firm", Line("ACE02"), "enter"),
            ("Globex Firm: ACE02",),
            shot="firm",
        ),
        WalkthroughStep(
            "* selects all of that firm, + adds them. Other firms are not copied.",
            ("list.pick_all", "sources.add"),
            ("Added 149",),
        ),
        WalkthroughStep(
            "The review names the firm and how many of its SenderComps.", ("enter",), ("ACE02 149",), shot="review"
        ),
        WalkthroughStep("Ctrl-Y submits from any line of the review.", ("drafts.submit",), ("was completed",)),
    ),
)

GLOBEX_GROUP = Walkthrough(
    name="globex-groups",
    title="Look at the Globex groups",
    person="acme-operator",
    role="operator",
    rows=(17,),
    steps=(
        WalkthroughStep(
            "Globex has groups of its own in the menu.", open_by_name("globex drop"), ("GLOBEX-FUTURES",), shot="list"
        ),
        WalkthroughStep(
            "A large group has several target sessions.", ("enter", "group.next_tab"), ("1 of 2 rows",), shot="two"
        ),
        WalkthroughStep("Escape goes back, level by level.", ("escape", "escape"), ("Needs attention",)),
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
            "Type the new name; it replaces what is there once you have deleted the old one. End, then -NY adds to it.",
            ("end", Text("-NY"), "enter"),
            ("US-ACTIVES-NY",),
        ),
        WalkthroughStep(
            "Ctrl-T and 6 go straight to the review.", ("wizard.steps", Text("6")), ("Only the differences",)
        ),
        WalkthroughStep("Each change is shown as before and after.", (), ("US-ACTIVES-NY",), shot="change"),
        WalkthroughStep(
            "Submit. The group changes only when the request is completed.", ("drafts.submit",), ("was completed",)
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

CLONE_GROUP = Walkthrough(
    name="clone-group",
    title="Make a group like another one",
    person="acme-operator",
    role="operator",
    rows=(9,),
    steps=(
        WalkthroughStep("Open the groups of BrokerTec.", (Line("Drop Copy Groups"), "enter"), ("EU-GOVIES",)),
        WalkthroughStep(
            "y copies the group under the cursor into a new draft. The fee of another group is named first.",
            (Line("EU-RISK"), "groups.clone"),
            ("A fee applies",),
        ),
        WalkthroughStep(
            "The wizard opens with everything but a name, which must be a new one.",
            (Line("Proceed"), "enter"),
            ("1 to 30 characters", "149 sources"),
            shot="draft",
        ),
        WalkthroughStep(
            "Type it, look at each step, and submit.",
            (Text("EU-RISK-2"), "enter", "enter", "enter", "enter", "drafts.submit"),
            ("was completed",),
        ),
    ),
)

RESUME_DRAFT = Walkthrough(
    name="resume-draft",
    title="Continue a draft after the line was lost",
    person="acme-operator",
    role="operator",
    rows=(6,),
    steps=(
        WalkthroughStep(
            "What was typed is saved every second. Home lists the draft that was not finished: move to it.",
            ("right", Line("draft EU-RATES")),
            ("draft EU-RATES (EU), step 4",),
            shot="home",
        ),
        WalkthroughStep(
            "Enter opens it at the step where it was left.", ("enter",), ("EU-RATES", "Select the messages to copy")
        ),
        WalkthroughStep("Escape leaves it again; it stays a draft.", ("wizard.steps", "escape"), ("EU-RATES",)),
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

GROUP_WITH_APPROVAL = Walkthrough(
    name="group-with-approval",
    title="Request a group that another person must approve",
    person="multi-operator",
    role="operator of several entities",
    rows=(3, 13),
    steps=(
        WalkthroughStep("Open the groups of BrokerTec.", (Line("Drop Copy Groups"), "enter"), ("EU-GOVIES",)),
        WalkthroughStep(
            "r changes the Registered Entity. PLACEHLD approves every change.",
            ("groups.entity", Line("PLACEHLD"), "enter"),
            ("DESK-COPY",),
        ),
        WalkthroughStep(
            "Edit its group: e, then the name.", ("groups.edit", Line("Change: Name"), "enter"), ("Enter a name",)
        ),
        WalkthroughStep(
            "Add -2 to the name and go back to the review.",
            ("end", Text("-2"), "enter", "wizard.steps", Text("6")),
            ("Approval",),
            shot="review",
        ),
        WalkthroughStep(
            "Submit. The request waits, and says for whom.", ("drafts.submit",), ("PLACEHLD",), shot="waits"
        ),
        WalkthroughStep(
            "Whoever approves opens To Do and reads it.",
            (*open_by_name("to do"), Line("DC-2026-000039"), "enter"),
            ("awaiting approval by PLACEHLD",),
            person="placehld-approver",
        ),
        WalkthroughStep(
            "a, then Approve: the group is changed.",
            ("requests.approve", Line("Approve"), "enter"),
            ("Completed",),
            shot="done",
        ),
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

DISCARD_DRAFT = Walkthrough(
    name="discard-draft",
    title="Discard a draft",
    person="acme-operator",
    role="operator",
    rows=(6,),
    steps=(
        WalkthroughStep(
            "Home lists your drafts; open all of them.", ("right", Line("all drafts"), "enter"), ("EU-RATES",)
        ),
        WalkthroughStep(
            "d discards the one under the cursor, once you say so.", ("drafts.discard",), ("EU-RATES",), shot="sure"
        ),
    ),
)


ALL = (
    CREATE_GROUP,
    BROWSE_GROUPS,
    CREATE_EU_GROUP,
    GLOBEX_GROUP,
    EDIT_GROUP,
    DELETE_GROUP,
    CLONE_GROUP,
    RESUME_DRAFT,
    COVERAGE,
    FRONT_ENDS,
    DELETE_SEVERAL,
    GROUP_WITH_APPROVAL,
    CHANGE_FILTERS,
    CHANGE_SOURCES,
    EXPORT_LIST,
    FIND_SOURCE,
    DISCARD_DRAFT,
)
