"""Target sessions and their key pairs: made, renewed, watched, deleted."""

from __future__ import annotations

from dropcopy_tui.walkthroughs.steps import Line, PhoneCode, Press, Text, Walkthrough, WalkthroughStep, open_by_name

_CONFIRM: tuple[Press, ...] = (Line("SMS code"), "enter")

GENERATE_KEY = Walkthrough(
    name="generate-key",
    title="Generate the first key pair of a session",
    person="acme-operator",
    role="operator",
    rows=(15, 27, 30, 33, 34),
    steps=(
        WalkthroughStep(
            "Open the order entry sessions.", (Line("Order Entry Sessions"), "enter"), ("none (k to generate)",)
        ),
        WalkthroughStep(
            "Press / and type 01X: the session that has no key pair.",
            ("list.filter", Text("01X"), "enter"),
            ("01X", "1 of 1"),
        ),
        WalkthroughStep(
            "k opens Manage Keys for the session under the cursor.",
            ("keypairs.manage",),
            ("1 session: 01X",),
            shot="manage",
        ),
        WalkthroughStep(
            "Generate Key first says what will happen, and where the file with the secret key is written.",
            (Line("Generate Key"), "enter"),
            ("gets its first key pair", "File on this machine"),
            shot="plan",
        ),
        WalkthroughStep(
            "Enter accepts the file name; then a second factor confirms that it is you.",
            ("enter",),
            ("Confirm your identity",),
        ),
        WalkthroughStep(
            "Choose the SMS code. In a sandbox, the phone is on the screen.", _CONFIRM, ("Your code is",), shot="code"
        ),
        WalkthroughStep(
            "Type the code. The key pair is generated, and its file is written with mode 0600.",
            (PhoneCode(), "enter"),
            ("01X-20261123.txt",),
            shot="done",
        ),
    ),
)

RENEW_KEY = Walkthrough(
    name="renew-key",
    title="Renew a key pair before it expires",
    person="acme-operator",
    role="operator",
    rows=(27, 35),
    steps=(
        WalkthroughStep(
            "Home counts the days of key pairs that expire within four weeks. k manages all of them together.",
            ("keypairs.manage",),
            ("3 sessions",),
            shot="home",
        ),
        WalkthroughStep(
            "Generate Key says for each session what becomes of the old pair: it is valid until it expires.",
            (Line("Generate Key"), "enter"),
            ("04O", "T6B", "T2E"),
            shot="plan",
        ),
        WalkthroughStep("One code confirms all three.", ("enter", *_CONFIRM), ("Your code is",)),
        WalkthroughStep(
            "Type the code. The new pairs are valid immediately, beside the old ones.",
            (PhoneCode(), "enter"),
            ("Key pairs generated: 3",),
        ),
    ),
)

DOWNLOAD_KEY = Walkthrough(
    name="download-key",
    title="Download a key file again",
    person="acme-operator",
    role="operator",
    rows=(28,),
    steps=(
        WalkthroughStep("Open the order entry sessions.", (Line("Order Entry Sessions"), "enter"), ("00B",)),
        WalkthroughStep(
            "Put the cursor on the session and press k.", (Line("00B"), "keypairs.manage"), ("1 session: 00B",)
        ),
        WalkthroughStep(
            "Download Key writes the file once more.", (Line("Download Key"), "enter"), ("File on this machine",)
        ),
        WalkthroughStep(
            "A download needs a code as well: the file contains the secret.", ("enter", *_CONFIRM), ("Your code is",)
        ),
        WalkthroughStep("The file is there.", (PhoneCode(), "enter"), ("00B-20261123.txt",), shot="done"),
    ),
)

DELETE_KEY = Walkthrough(
    name="delete-key",
    title="Delete a key pair",
    person="acme-operator",
    role="operator",
    rows=(29,),
    steps=(
        WalkthroughStep("Open the order entry sessions.", (Line("Order Entry Sessions"), "enter"), ("005",)),
        WalkthroughStep(
            "k on a session whose pair has expired.", (Line("005"), "keypairs.manage"), ("1 session: 005",)
        ),
        WalkthroughStep(
            "Choose the key pair: a session can have two.", (Line("Delete Key"), "enter"), ("Select the key pairs",)
        ),
        WalkthroughStep("Enter selects it; the last question says what stops.", ("enter",), ("005",), shot="sure"),
    ),
)

KEY_CALENDAR = Walkthrough(
    name="key-calendar",
    title="See when key pairs expire",
    person="acme-operator",
    role="operator",
    rows=(34, 35),
    steps=(
        WalkthroughStep(
            "c opens the key calendar: a line a session, from the first that stops.", ("home.calendar",), ("MU1",)
        ),
        WalkthroughStep(
            "The last line says what the signs of the session under the cursor mean.", ("list.down",), ("T3F",)
        ),
        WalkthroughStep(
            "Right moves ahead in time, t comes back to today.",
            ("calendar.later", "calendar.today"),
            ("T3F",),
            shot="at",
        ),
        WalkthroughStep("f narrows it to one kind of session.", ("calendar.kind",), ("Drop Copy Sessions",)),
        WalkthroughStep(
            "Choose the drop copy sessions.", (Line("Drop Copy Sessions"), "enter"), ("T3F", "T2E"), shot="drop-copy"
        ),
    ),
)

EXPIRY_NOTICES = Walkthrough(
    name="expiry-notices",
    title="See what the sandbox would have sent",
    person="operations",
    role="operations",
    rows=(33, 37, 38),
    steps=(
        WalkthroughStep(
            "Every message is kept, whoever it is for.", open_by_name("phone"), ("Phone and mailbox lists them",)
        ),
        WalkthroughStep("Enter reads one.", ("enter",), ("Held: a sandbox never sends messages",), shot="message"),
        WalkthroughStep(
            "/ finds all messages about one request.", ("enter", "list.filter", Text("000034"), "enter"), ("of 2",)
        ),
    ),
)

ORDER_ENTRY = Walkthrough(
    name="order-entry-sessions",
    title="Look at the order entry sessions",
    person="acme-operator",
    role="operator",
    rows=(18, 38),
    steps=(
        WalkthroughStep(
            "The menu has the order entry sessions of the entity.",
            (Line("Order Entry Sessions"), "enter"),
            ("1 of 40 sessions",),
            shot="list",
        ),
        WalkthroughStep(
            "The line above the list says whose key pair expires; b selects them.",
            ("sessions.expiring",),
            ("1 selected",),
        ),
        WalkthroughStep("s shows the public key IDs.", ("keypairs.show",), ("Public key id",), shot="ids"),
    ),
)

MARKET_DATA = Walkthrough(
    name="market-data-sessions",
    title="Look at the market data sessions",
    person="acme-operator",
    role="operator",
    rows=(18, 38),
    steps=(
        WalkthroughStep(
            "Market data sessions have key pairs of their own.",
            (Line("Market Data Sessions"), "enter"),
            ("MU1", "of 6 sessions"),
            shot="list",
        ),
        WalkthroughStep("f narrows the list by status.", ("sessions.status",), ("Status",), shot="status"),
    ),
)

THIRD_KEY = Walkthrough(
    name="third-key-pair",
    title="Generate a third key pair",
    person="acme-operator",
    role="operator",
    rows=(35, 36),
    steps=(
        WalkthroughStep(
            "A session has two key pairs at most. Open the groups.", (Line("Drop Copy Groups"), "enter"), ("2 active",)
        ),
        WalkthroughStep(
            "Open US-REPO-CLEARING, whose target session has two. Tab shows it.",
            (Line("US-REPO-CLEARING"), "enter", "group.next_tab"),
            ("T5A",),
        ),
        WalkthroughStep(
            "k, then Generate Key: a third one takes the place of one of the two, and you select which.",
            ("keypairs.manage", Line("Generate Key"), "enter"),
            ("T5A",),
            shot="plan",
        ),
        WalkthroughStep("Escape leaves both pairs as they are.", ("escape",), ("T5A",)),
    ),
)

BULK_KEYS = Walkthrough(
    name="many-key-pairs",
    title="Generate key pairs of several sessions",
    person="acme-operator",
    role="operator",
    rows=(27,),
    steps=(
        WalkthroughStep(
            "Open the order entry sessions.", (Line("Order Entry Sessions"), "enter"), ("1 of 40 sessions",)
        ),
        WalkthroughStep(
            "Space selects a session; select each one that has no key pair.",
            (Line("01X"), "list.pick", Line("058"), "list.pick"),
            ("2 selected",),
            shot="picked",
        ),
        WalkthroughStep(
            "One plan, one code and one file for all.",
            ("keypairs.manage", Line("Generate Key"), "enter"),
            ("01X", "058"),
            shot="plan",
        ),
        WalkthroughStep(
            "Confirm by SMS.", ("enter", *_CONFIRM, PhoneCode(), "enter"), ("Key pairs generated: 2",), shot="done"
        ),
    ),
)

RETIRE_SESSION = Walkthrough(
    name="retire-session",
    title="Retire the Session ID of a deleted group",
    person="acme-operator",
    role="GAM",
    rows=(24,),
    steps=(
        WalkthroughStep(
            "Delete a group: its target session is released, not retired.",
            (Line("Drop Copy Groups"), "enter", Line("US-BACKUP"), "groups.delete", Text("US-BACKUP"), "enter"),
            ("was completed",),
        ),
        WalkthroughStep(
            "GAM opens the drop copy sessions of the entity.",
            (*open_by_name("drop copy groups"), "sessions.list"),
            ("T7K", "released"),
            person="gam-desk",
        ),
        WalkthroughStep(
            "d retires it for good; the question says so.", (Line("T7K"), "sessions.retire"), ("T7K",), shot="sure"
        ),
    ),
)

ALL = (
    GENERATE_KEY,
    RENEW_KEY,
    DOWNLOAD_KEY,
    DELETE_KEY,
    KEY_CALENDAR,
    EXPIRY_NOTICES,
    ORDER_ENTRY,
    MARKET_DATA,
    THIRD_KEY,
    BULK_KEYS,
    RETIRE_SESSION,
)
