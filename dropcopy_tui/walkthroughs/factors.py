"""Second factors: given, refused, enrolled, unlocked."""

from __future__ import annotations

from dropcopy_tui.walkthroughs.steps import Line, PhoneCode, Press, Text, Walkthrough, WalkthroughStep, open_by_name

_CONFIRM: tuple[Press, ...] = (Line("SMS code"), "enter")

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

WRONG_CODE = Walkthrough(
    name="wrong-code",
    title="Mistype a one-time code",
    person="acme-operator",
    role="operator",
    rows=(30,),
    steps=(
        WalkthroughStep(
            "Open the order entry sessions.", (Line("Order Entry Sessions"), "enter"), ("none (k to generate)",)
        ),
        WalkthroughStep("Press / and type 058.", ("list.filter", Text("058"), "enter"), ("1 of 1",)),
        WalkthroughStep(
            "k opens Manage Keys. Generate Key needs a code, once you accept the file name.",
            ("keypairs.manage", Line("Generate Key"), "enter", "enter"),
            ("Confirm your identity",),
        ),
        WalkthroughStep("Choose the SMS code.", _CONFIRM, ("Your code is",)),
        WalkthroughStep(
            "Type a wrong code, such as 000000. It is counted, and nothing is changed.",
            (Text("000000"), "enter"),
            ("2 attempts",),
            shot="wrong",
        ),
        WalkthroughStep("The right one continues.", (PhoneCode(), "enter"), ("058-20261123.txt",), shot="done"),
    ),
)

OTHER_FACTOR = Walkthrough(
    name="another-factor",
    title="Choose another second factor",
    person="acme-operator",
    role="operator",
    rows=(30, 31, 32),
    steps=(
        WalkthroughStep(
            "Generate a key pair up to the second factor.",
            (
                Line("Order Entry Sessions"),
                "enter",
                "list.filter",
                Text("058"),
                "enter",
                "keypairs.manage",
                Line("Generate Key"),
                "enter",
                "enter",
            ),
            ("Confirm your identity",),
        ),
        WalkthroughStep(
            "What cannot be used is greyed, with the reason.",
            (),
            ("Duo Security: not available here", "no app is enrolled"),
            shot="factors",
        ),
        WalkthroughStep(
            "Choose EASE: an agent verifies you on the phone and reads a code out.",
            (Line("Contact EASE"), "enter"),
            ("EASE",),
            shot="ease",
        ),
        WalkthroughStep("Escape cancels; no key pair was generated.", ("escape",), ("058",)),
    ),
)

ENROL = Walkthrough(
    name="enrol-authenticator",
    title="Enrol an authenticator app",
    person="acme-operator",
    role="operator",
    rows=(30,),
    steps=(
        WalkthroughStep(
            "The palette has the authenticator app. Another factor must confirm that it is you.",
            open_by_name("authenticator"),
            ("Confirm your identity",),
        ),
        WalkthroughStep("Confirm by SMS.", (*_CONFIRM, PhoneCode(), "enter"), ("Code shown by the app",), shot="code"),
        WalkthroughStep(
            "The app scans the code and shows six digits. Escape enrols nothing.",
            ("escape",),
            ("No authenticator app was enrolled",),
        ),
    ),
)

EASE_UNLOCK = Walkthrough(
    name="unlock-account",
    title="Unlock an account as an EASE agent",
    person="ease-agent",
    role="EASE agent",
    rows=(31,),
    steps=(
        WalkthroughStep(
            "Open the EASE desk and find the caller.",
            (*open_by_name("ease"), "list.filter", Text("acme-view"), "enter"),
            ("1 of 1",),
        ),
        WalkthroughStep(
            "u unlocks an account after too many wrong passwords. This one is not locked, and that is what it says.",
            ("people.unlock_row",),
            ("not locked",),
            shot="said",
        ),
    ),
)

ALL = (
    EASE_CODE,
    WRONG_CODE,
    OTHER_FACTOR,
    ENROL,
    EASE_UNLOCK,
)
