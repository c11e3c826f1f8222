"""Key pairs: made, downloaded, replaced, deleted, watched."""

from __future__ import annotations

from dropcopy_tui.walkthroughs.steps import Line, PhoneCode, Press, Text, Walkthrough, WalkthroughStep, open_by_name

_CONFIRM: tuple[Press, ...] = (Line("SMS code"), "enter")

GENERATE_KEY = Walkthrough(
    name="generate-key",
    title="Generate a key pair for a session without one",
    person="acme-operator",
    role="operator",
    rows=(15, 27, 30, 33, 34),
    steps=(
        WalkthroughStep(
            "Open the order entry sessions.", (Line("Order Entry Sessions"), "enter"), ("none (k to generate)",)
        ),
        WalkthroughStep(
            "/ finds the session that has no key pair.", ("list.filter", Text("01X"), "enter"), ("01X", "1 of 1")
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
        WalkthroughStep("A second factor confirms that it is you.", ("enter",), ("Confirm your identity",)),
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
            "Home counts the days of key pairs that expire within four weeks. k takes all of them.",
            ("keypairs.manage",),
            ("3 sessions",),
            shot="home",
        ),
        WalkthroughStep(
            "For each session it says what becomes of the old pair: both are valid until the old one expires.",
            (Line("Generate Key"), "enter"),
            ("04O", "T6B", "T2E"),
            shot="plan",
        ),
        WalkthroughStep("One code confirms all three.", ("enter", *_CONFIRM), ("Your code is",)),
        WalkthroughStep(
            "The new pairs are valid immediately, beside the old ones.",
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

EASE_CODE = Walkthrough(
    name="code-from-ease",
    title="Issue a one-time code to a caller",
    person="ease-agent",
    role="EASE agent",
    rows=(31,),
    steps=(
        WalkthroughStep(
            "An operator without a phone calls EASE. Open the EASE desk.", open_by_name("ease"), ("acme-operator",)
        ),
        WalkthroughStep(
            "/ finds the caller; verify who it is as your rules say.",
            ("list.filter", Text("acme-op"), "enter"),
            ("1 of 1",),
        ),
        WalkthroughStep(
            "c issues a code. It is valid for one purpose only.", ("ease.issue",), ("What does acme-operator need?",)
        ),
        WalkthroughStep(
            "The caller wants to generate a key pair. Read the code out: it is shown once.",
            (Line("Key pairs"), "enter"),
            ("acme-operator",),
            shot="code",
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

ALL = (GENERATE_KEY, RENEW_KEY, DOWNLOAD_KEY, DELETE_KEY, KEY_CALENDAR, EASE_CODE, EXPIRY_NOTICES)
