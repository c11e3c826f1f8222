"""What every screen is for: read by its help, by the search through all help, and by the documents.

It is data in one place, and not of the screens: nothing of it is needed before help is asked for, and sentences that
are read one after the other are written one after the other. A test asks for a row for every screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class ScreenHelp(NamedTuple):
    """What help says first.

    Attributes:
        module: where its class is.
        title: the name of the screen.
        purpose: what it is for, at most two lines of a terminal with 80 columns.
        words: terms of the glossary that the screen uses.
        commands: what does the same from a script, after `dropcopy`.
        walkthrough: the name of the walkthrough that shows it.
    """

    module: str
    title: str
    purpose: str
    words: tuple[str, ...]
    commands: tuple[str, ...]
    walkthrough: str


# By the name of the screen's class.
HELP: Mapping[str, ScreenHelp] = {
    "HomeScreen": ScreenHelp(
        "screens.home",
        "Home",
        "The menu of the Request Center, and beside it what needs attention: expiring key pairs, requests that await "
        "you, drafts to resume.",
        ("Key pair", "Request", "Draft"),
        ("status",),
        "find-help",
    ),
    "GroupsScreen": ScreenHelp(
        "screens.groups.groups",
        "Drop Copy Groups",
        "The groups of a Registered Entity. Request, change, copy and delete them here, and manage the key pairs of "
        "their target sessions.",
        ("Drop copy group", "Target session", "Registered Entity"),
        ("groups list", "groups create", "groups delete"),
        "browse-groups",
    ),
    "GroupScreen": ScreenHelp(
        "screens.groups.group",
        "A group",
        "One group on four tabs: its details, its target sessions with their key pairs, the SenderComps that it copies "
        "and their number by firm.",
        ("Target session", "SenderComp", "GFID"),
        ("groups show", "groups sources", "groups firms", "groups edit"),
        "browse-groups",
    ),
    "CoverageScreen": ScreenHelp(
        "screens.groups.coverage",
        "Coverage",
        "The SenderComps of an entity that no group copies: their messages reach no one but their own session.",
        ("SenderComp", "Drop copy group"),
        ("sendercomps list --uncovered",),
        "coverage",
    ),
    "FrontEndsScreen": ScreenHelp(
        "screens.groups.front_ends",
        "Front End Mapping",
        "The front end systems that the groups of an entity can name. Only mapped ones can be chosen in the wizard.",
        ("Front end system", "User administrator"),
        ("front-ends list", "front-ends map", "front-ends unmap"),
        "map-front-end",
    ),
    "DraftsScreen": ScreenHelp(
        "screens.groups.drafts",
        "Drafts",
        "Your requests that are not submitted yet, the latest first. Enter resumes one where you left it.",
        ("Draft",),
        ("drafts list", "drafts submit", "drafts discard"),
        "resume-draft",
    ),
    "WizardScreen": ScreenHelp(
        "screens.wizard.screen",
        "The wizard",
        "A request in six steps: entity, name, front end, filters, SenderComps, submit. Every change is saved; nothing "
        "is created before Submit.",
        ("Draft", "Filter", "SenderComp"),
        ("groups create", "groups edit", "drafts show"),
        "create-group",
    ),
    "ChangedSourcesScreen": ScreenHelp(
        "screens.wizard.changed_sources",
        "Changed SenderComps",
        "The SenderComps that your edit adds to its group or removes from it, before you submit it.",
        ("SenderComp",),
        ("groups edit --dry-run", "drafts show"),
        "change-sources",
    ),
    "SessionsScreen": ScreenHelp(
        "screens.keys.sessions",
        "Sessions",
        "The sessions of an entity with their key pairs, soonest expiry first. Generate, download and delete key pairs "
        "here, for one session or many.",
        ("Session ID", "Key pair", "Pending expiration"),
        ("sessions list", "keys list", "keys generate"),
        "order-entry-sessions",
    ),
    "CalendarScreen": ScreenHelp(
        "screens.keys.calendar",
        "Key calendar",
        "A year in one line per session: when its key pairs are active, pending and expired. The line under the cursor "
        "is spelled out below.",
        ("Key pair", "Pending expiration", "Market close"),
        ("keys report",),
        "key-calendar",
    ),
    "RequestsScreen": ScreenHelp(
        "screens.requests.requests",
        "My Requests",
        "Your requests and their status on the first tab; on To Do, those of others that await your approval.",
        ("Request", "Stage", "Approval"),
        ("requests list", "requests approve", "requests deny"),
        "request-lists",
    ),
    "RequestScreen": ScreenHelp(
        "screens.requests.request",
        "A request",
        "One request: what was asked for, what it changes, and its timeline. Approve, deny, cancel or ask "
        "again from here.",
        ("Request", "Stage", "Approval"),
        ("requests show", "requests approve", "requests cancel", "requests again"),
        "follow-request",
    ),
    "FinishedScreen": ScreenHelp(
        "screens.requests.finished",
        "After Submit",
        "What became of the request that you have just submitted, and what comes next: the group, its target session, "
        "its first key pair.",
        ("Request", "Target session", "Key pair"),
        ("requests show",),
        "create-group",
    ),
    "PeopleScreen": ScreenHelp(
        "screens.people.people",
        "People and entitlements",
        "Everyone whom you administer, with roles and account status. Invite people, grant and revoke roles, disable "
        "accounts.",
        ("Role", "User administrator", "Registered Entity"),
        ("people list", "people invite", "people entitle", "people disable"),
        "entitle-person",
    ),
    "PersonScreen": ScreenHelp(
        "screens.people.person",
        "A person",
        "One person: account, roles, and what was changed about them.",
        ("Role", "User administrator"),
        ("people show", "people entitle", "people disable"),
        "invite-person",
    ),
    "AccessScreen": ScreenHelp(
        "screens.people.access",
        "My access",
        "The SSH keys with which you sign in to the desk over SSH, the way to your seats, and ten recovery codes for a "
        "lost app.",
        ("Seat", "Recovery code", "Second factor"),
        ("ssh keys list", "ssh keys add", "ssh keys revoke", "authenticator recovery-codes"),
        "my-access",
    ),
    "SeatsScreen": ScreenHelp(
        "screens.people.seats",
        "Seats",
        "Where you are signed in; for operations and auditors, who is in at all, from where and idle how long. "
        "End a seat that was left open.",
        ("Seat",),
        ("seats list", "seats end"),
        "my-access",
    ),
    "EaseScreen": ScreenHelp(
        "screens.people.ease",
        "EASE desk",
        "For agents on the telephone: find a person, verify who is calling, issue a one-time code, unlock an account "
        "or reset a factor.",
        ("EASE", "One-time code", "Second factor"),
        ("ease find", "ease issue", "ease unlock", "ease reset"),
        "code-from-ease",
    ),
    "RouteScreen": ScreenHelp(
        "screens.checks.route",
        "FIX log preview",
        "Reads a FIX log and says which of its messages each group receives or would receive, and why not others.",
        ("Filter", "SenderComp", "Drop copy"),
        ("route", "who-gets"),
        "log-preview",
    ),
    "LogonCheckScreen": ScreenHelp(
        "screens.checks.logon_check",
        "Logon check",
        "Paste a logon, or fill one in: says whether a gateway would accept its signature, and if not, which known "
        "mistake explains it.",
        ("Logon", "Key pair", "Session ID"),
        ("logon verify", "logon sign"),
        "logon-check",
    ),
    "NoticesScreen": ScreenHelp(
        "screens.notices",
        "Notices",
        "What the desk wrote to you: requests submitted and completed, key pairs that expire. Enter opens what one "
        "is about.",
        ("Expiry notice", "Request"),
        ("notices list", "notices read"),
        "notices",
    ),
    "AuditScreen": ScreenHelp(
        "screens.audit",
        "Audit trail",
        "Who did what, from where and when. Enter shows an event with what it changed; v verifies that no event was "
        "altered.",
        ("Audit trail",),
        ("audit list", "audit verify"),
        "audit-trail",
    ),
    "OutboxScreen": ScreenHelp(
        "screens.outbox",
        "Outbox",
        "Messages that were sent, are queued or have failed. In a sandbox, nothing is sent: this is everyone's phone "
        "and mailbox.",
        ("Outbox", "Sandbox"),
        ("outbox list", "outbox send", "outbox retry"),
        "expiry-notices",
    ),
    "WalkthroughsScreen": ScreenHelp(
        "screens.walkthrough_list",
        "Walkthroughs",
        "The jobs of the desk, key by key. Watch one, go through it step by step, or practise it with hints.",
        ("Walkthrough", "Sandbox"),
        ("walkthrough list", "walkthrough play", "walkthrough practice"),
        "find-help",
    ),
    "KeyTesterScreen": ScreenHelp(
        "screens.key_tester",
        "Key tester",
        "Shows what the terminal sends for a key, and how [keys] in the configuration names it. No key does anything "
        "else here.",
        ("Walkthrough",),
        ("config show",),
        "find-help",
    ),
    "SignInScreen": ScreenHelp(
        "screens.sign_in",
        "Sign in",
        "Your user id or email address and your password. With an invitation, F2 takes its code and your new password.",
        ("Role", "EASE"),
        ("people accept", "password"),
        "my-access",
    ),
}
