"""Drop copy groups that are new: from a first draft, a copy or a draft that was kept."""

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
            "Choose the market. BrokerTec U.S. is already highlighted.",
            ("enter",),
            ("New group in BrokerTec U.S.", "A fee applies to every group after the first"),
            shot="fee",
        ),
        WalkthroughStep(
            "The dialog says how many groups the entity has, and that another one incurs a fee. "
            "Proceed continues; nothing is created yet.",
            (Line("Proceed"), "enter"),
            ("1 to 30 characters",),
        ),
        WalkthroughStep(
            "The entity is filled in, because there is only one. Type the name US-TREASURY-RISK. "
            "It must be unique within the entity.",
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
            (Line("Acknowledgement messages"), "filters.turn"),
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
            "The last step shows the whole request: read it before you submit. PgDn shows the rest.",
            ("enter",),
            ("Review. Nothing is created until you submit",),
            shot="submit",
        ),
        WalkthroughStep(
            "Ctrl-Y submits, as Enter does on Submit this request. No approval is needed here, so the group is "
            "set up immediately.",
            ("drafts.submit",),
            ("was completed", "Target session"),
            shot="done",
        ),
        WalkthroughStep(
            "o opens the new group.", ("finished.group",), ("2 Target Sessions", "none (k to generate)"), shot="target"
        ),
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

CLONE_GROUP = Walkthrough(
    name="clone-group",
    title="Copy a group",
    person="acme-operator",
    role="operator",
    rows=(9,),
    steps=(
        WalkthroughStep("Open the groups of BrokerTec.", (Line("Drop Copy Groups"), "enter"), ("EU-GOVIES",)),
        WalkthroughStep(
            "p copies the group under the cursor into a new draft. The fee of another group is named first.",
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
    title="Resume a draft after a lost connection",
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

GROUP_WITH_APPROVAL = Walkthrough(
    name="group-with-approval",
    title="Request a change that needs approval",
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
            "e edits the group under the cursor. Of what can be changed, choose the name.",
            ("groups.edit", Line("Change: Name"), "enter"),
            ("Enter a name",),
        ),
        WalkthroughStep(
            "Press End, add -2 to the name, and press Enter: the review says whose approval the change needs.",
            ("end", Text("-2"), "enter"),
            ("Approval",),
            shot="review",
        ),
        WalkthroughStep(
            "Ctrl-Y submits. The request says whose approval it awaits.",
            ("drafts.submit",),
            ("PLACEHLD",),
            shot="waits",
        ),
        WalkthroughStep(
            "Ctrl-P opens To Do, and Enter the request: read it before you decide.",
            (*open_by_name("to do"), Line("DC-2026-000039"), "enter"),
            ("awaiting approval by PLACEHLD",),
            person="placehld-approver",
        ),
        WalkthroughStep(
            "a approves, once you confirm it: the group is changed.",
            ("requests.approve", Line("Approve"), "enter"),
            ("Completed",),
            shot="done",
        ),
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
    CREATE_EU_GROUP,
    GLOBEX_GROUP,
    CLONE_GROUP,
    RESUME_DRAFT,
    GROUP_WITH_APPROVAL,
    DISCARD_DRAFT,
)
