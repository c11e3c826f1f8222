"""The desk itself: people, the record, checks, and finding one's way."""

from __future__ import annotations

from dropcopy_tui.walkthroughs.steps import Line, Text, Walkthrough, WalkthroughStep, open_by_name

AUDIT_TRAIL = Walkthrough(
    name="audit-trail",
    title="Find out who did what",
    person="auditor",
    role="auditor",
    rows=(2,),
    steps=(
        WalkthroughStep(
            "The audit trail has every event, the newest first.", open_by_name("audit"), ("Signed in",), shot="list"
        ),
        WalkthroughStep(
            "Enter shows an event, with what it changed.", ("list.down", "enter"), ("Request submitted",), shot="event"
        ),
        WalkthroughStep(
            "/ searches it by the words on the screen.",
            ("enter", "list.filter", Text("denied"), "enter"),
            ("Request denied",),
        ),
        WalkthroughStep(
            "Escape shows all events again; v verifies that none was altered.",
            ("escape", "audit.verify"),
            ("none was altered",),
        ),
    ),
)

ENTITLE_PERSON = Walkthrough(
    name="entitle-person",
    title="Change a person's roles",
    person="acme-admin",
    role="user administrator",
    rows=(2,),
    steps=(
        WalkthroughStep(
            "People and entitlements lists who may do what at your entity.", open_by_name("people"), ("acme-viewer",)
        ),
        WalkthroughStep("Find the person.", ("list.filter", Text("viewer"), "enter"), ("1 of 1",)),
        WalkthroughStep(
            "e opens their roles at this entity; Space turns one on or off.",
            ("people.entitle",),
            ("acme-viewer",),
            shot="roles",
        ),
    ),
)

LOG_PREVIEW = Walkthrough(
    name="log-preview",
    title="See what each group receives of a log",
    person="acme-operator",
    role="operator",
    rows=(7, 14),
    steps=(
        WalkthroughStep(
            "FIX log preview asks for a log. The example has SenderComps of this sandbox.",
            open_by_name("fix log"),
            ("Example log",),
        ),
        WalkthroughStep(
            "Every message, with the groups that copy it.", (Line("Example log"), "enter"), ("Copies to",), shot="log"
        ),
        WalkthroughStep(
            "Enter shows a message and why each group gets it or not.", ("enter",), ("Enter",), shot="message"
        ),
    ),
)

WHO_GETS = Walkthrough(
    name="who-gets-this",
    title="See who receives a SenderComp's messages",
    person="acme-operator",
    role="operator",
    rows=(14, 26),
    steps=(
        WalkthroughStep("Who gets this? is in the palette.", open_by_name("who gets"), ("SenderComp",)),
        WalkthroughStep(
            "Type a SenderComp or a Globex Firm.", (Text("005ACM01B"), "enter"), ("US-RATES-RISK",), shot="who"
        ),
    ),
)

NOTICES = Walkthrough(
    name="notices",
    title="Read notices",
    person="acme-operator",
    role="operator",
    rows=(33, 38),
    steps=(
        WalkthroughStep(
            "The first line counts what is unread. Open Notices.", open_by_name("notices"), ("1 of 5 notices",)
        ),
        WalkthroughStep(
            "m marks the one under the cursor as read; it moves below the unread ones.",
            ("notices.read",),
            ("1 notice marked as read",),
            shot="read",
        ),
    ),
)

HELP = Walkthrough(
    name="find-help",
    title="Find your way with two keys",
    person="acme-operator",
    role="everyone",
    rows=(1,),
    steps=(
        WalkthroughStep(
            "? says what the screen is for and lists its keys; / in it searches all help. F1 does the same in a field.",
            ("app.help",),
            ("Keys on this screen",),
            shot="help",
        ),
        WalkthroughStep(
            "Escape closes it. Ctrl-P opens the palette: screens, commands, sessions and groups by name.",
            ("escape", "app.commands"),
            ("Search for commands",),
        ),
        WalkthroughStep("Type a part of a name and press Enter.", (Text("calendar"), "enter"), ("Key calendar",)),
        WalkthroughStep(
            "Escape always goes one level back, and never loses what you typed.", ("escape",), ("Needs attention",)
        ),
    ),
)


INVITE = Walkthrough(
    name="invite-person",
    title="Invite a person",
    person="acme-admin",
    role="user administrator",
    rows=(2,),
    steps=(
        WalkthroughStep(
            "People and entitlements lists who may do what at your entity.", open_by_name("people"), ("acme-viewer",)
        ),
        WalkthroughStep(
            "n invites a person: a one-time code is sent by email, with which they set a password.",
            ("people.invite",),
            ("Invite a person",),
            shot="form",
        ),
        WalkthroughStep(
            "Fill it in; Tab goes to the next field.",
            (Text("acme-trainee"), "tab", Text("ACME trainee"), "tab", Text("acme-trainee@acme.example")),
            ("acme-trainee@acme.example",),
        ),
        WalkthroughStep("Escape invites no one.", ("escape",), ("1 of 5 people",)),
    ),
)

DISABLE = Walkthrough(
    name="disable-person",
    title="Disable an account",
    person="acme-admin",
    role="user administrator",
    rows=(2,),
    steps=(
        WalkthroughStep(
            "Find the person.", (*open_by_name("people"), "list.filter", Text("acme-viewer"), "enter"), ("1 of 1",)
        ),
        WalkthroughStep(
            "d disables the account: open screens of that person end within seconds.",
            ("people.disable",),
            ("acme-viewer",),
            shot="sure",
        ),
    ),
)

LOGON_CHECK = Walkthrough(
    name="logon-check",
    title="Find out why a logon is refused",
    person="acme-operator",
    role="operator",
    rows=(15, 16),
    steps=(
        WalkthroughStep(
            "Logon check takes the logon that the client sent.", open_by_name("logon"), ("Paste a FIX logon",)
        ),
        WalkthroughStep(
            "Type or paste it, with a bar between the fields.",
            (Text("35=A|34=1|49=T4CACM01N|50=DESK|52=20261123-16:45:00.000|56=CME|57=40|108=30|"),),
            ("49=T4CACM01N",),
        ),
        WalkthroughStep(
            "Ctrl-R checks it. Each mistake is named, with what to do about it.",
            ("logons.check",),
            ("The logon is missing 142",),
            shot="answer",
        ),
    ),
)

AUDIT_FILTER = Walkthrough(
    name="audit-of-a-group",
    title="Read the history of one group",
    person="auditor",
    role="auditor",
    rows=(2,),
    steps=(
        WalkthroughStep(
            "Open the audit trail and press f.", (*open_by_name("audit"), "audit.narrow"), ("Filter events",)
        ),
        WalkthroughStep(
            "Type the group's name into its field.",
            ("tab", "tab", Text("US-BACKUP"), "enter"),
            ("about group US-BACKUP",),
            shot="group",
        ),
        WalkthroughStep("Escape takes the filter away.", ("escape",), ("Events: all",)),
    ),
)

ACT_AS = Walkthrough(
    name="act-as-another-person",
    title="See the desk as another person does",
    person="acme-operator",
    role="everyone",
    rows=(2,),
    steps=(
        WalkthroughStep(
            "In a sandbox, the palette lets you act as anyone.", open_by_name("act as"), ("Act as another person",)
        ),
        WalkthroughStep(
            "Choose the viewer, who sees everything and cannot change anything.",
            (Text("acme-viewer"), "enter"),
            ("You are now acting as acme-viewer",),
            shot="viewer",
        ),
    ),
)

MY_ACCESS = Walkthrough(
    name="my-access",
    title="See how you sign in",
    person="acme-operator",
    role="everyone",
    rows=(2,),
    steps=(
        WalkthroughStep(
            "My access lists the SSH keys with which you sign in.",
            open_by_name("my access"),
            ("My access",),
            shot="list",
        ),
    ),
)


ALL = (
    AUDIT_TRAIL,
    ENTITLE_PERSON,
    LOG_PREVIEW,
    WHO_GETS,
    NOTICES,
    HELP,
    INVITE,
    DISABLE,
    LOGON_CHECK,
    AUDIT_FILTER,
    ACT_AS,
    MY_ACCESS,
)
