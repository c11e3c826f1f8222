"""The words of the desk, each in a sentence or two: for the help of a screen, and for the glossary of the documents."""

from __future__ import annotations

from collections.abc import Mapping

GLOSSARY: Mapping[str, str] = {
    "Administrative manager": (
        "The registered administrator of an entity: approves requests and receives the email about expiring key pairs."
    ),
    "Approval": (
        "The consent of a second person. A group that copies SenderComps guaranteed by another clearing firm always "
        "needs one of that firm; no one approves their own request."
    ),
    "Audit trail": (
        "Every change, sign-in and refusal: who, from where, when, before and after. Events are chained, so that an "
        "altered one is found."
    ),
    "Batch": (
        "The daily time at which requests of a market are set up, where the site has named one; otherwise they are "
        "set up immediately."
    ),
    "CGW": "Convenience Gateway, the kind of gateway on Globex whose sessions reach every market segment.",
    "Clearing firm": "An entity that guarantees the trades of others, and so must approve copies of their messages.",
    "Draft": "A request that is not submitted yet. Every change is saved; Home lists your drafts.",
    "Drop copy": "A copy of a firm's own order and trade messages, sent to another session while they happen.",
    "Drop copy group": (
        "A named set of source SenderComps of one market and entity, with a front end system and filters. Its target "
        "session receives the copies."
    ),
    "EASE": (
        "Enterprise Application & System Entitlements, the identity help desk: its agents verify a caller, issue "
        "one-time codes and unlock accounts."
    ),
    "Expiry notice": (
        "The email and the notice that come four weeks, two weeks, a week and a day before a key pair expires."
    ),
    "Filter": "A kind of message that a group copies, such as fills. Heartbeat and Reject are mandatory.",
    "Front end system": (
        "The application that sends the orders to monitor: name, version and vendor, which a logon repeats in tags "
        "1603, 1604 and 1605."
    ),
    "FTI": "Fault tolerance indicator, the last letter of a SenderComp: P, B, U or N. A target session always has N.",
    "GAM": "Global Account Management: retires Session IDs and answers questions about fees.",
    "GCC": "Global Command Center: answers questions about ports and connections.",
    "GFID": "Globex Firm ID: three to five characters that name a firm on Globex and on BrokerTec.",
    "Key calendar": "A year as lines, one for each session: when its key pairs are active, pending and expired.",
    "Key file": "The text file with the Access Key ID and the secret key of each pair, as CME's own download has it.",
    "Key pair": (
        "An Access Key ID, which is public, and a secret key. A session signs its logons with it. It is active for "
        "twelve months; a session has at most two."
    ),
    "Logon": "The first message of a FIX session (35=A). Its signature is made with the secret key of the session.",
    "Market close": "The time of day at which the key pairs of a market expire, in the market's own time zone.",
    "Market data session": "A session that receives prices. Its key pairs are managed like those of other sessions.",
    "Master key": "The key that encrypts every secret key in the store. Without it, no secret can be read.",
    "MSGW": "Market Segment Gateway, the kind of gateway of every BrokerTec session, one for each market segment.",
    "One-time code": "Six digits from SMS, EASE, Duo or an authenticator app that confirm one action, once.",
    "Order entry session": "A session that sends orders. Its SenderComps are the sources of groups.",
    "Outbox": "Messages that were written in the same transaction as what they report, and are sent afterwards.",
    "Pending expiration": (
        "The state of a key pair from four weeks before it expires. A second pair may be active beside it."
    ),
    "Recovery code": "One of ten codes that replace a lost authenticator app, one use each.",
    "Registered Entity": "The company that you work for on the desk, also called an Administration Group.",
    "Released session": "The target session of a deleted group. Its Session ID is kept until GAM retires it.",
    "Request": "Every change is made as a request, with a number such as DC-2026-000123, a status, a stage and a "
    "timeline.",
    "Retired session": "A Session ID that is never used again.",
    "Role": "What a person may do at an entity, or on the whole desk. A revoked role takes effect immediately.",
    "Sandbox": "A store with sample data. Nothing is sent: its phone and mailbox are on the screen.",
    "Seat": "An open application of a person: where, since when, and locked when no key is pressed for a while.",
    "Second factor": "A proof beside the password that confirms an action: SMS, EASE, Duo or an authenticator app.",
    "SenderComp": (
        "The SenderCompID of an order entry session: Session ID, GFID and FTI, seven to nine characters. A source "
        "SenderComp is one whose messages a group copies."
    ),
    "Session ID": "Three characters that name a session. Set-up allocates that of a target session; no one chooses it.",
    "Stage": "Where a request in progress is: awaiting approval, queued until the batch, being set up.",
    "Target session": (
        "The session that receives the copies of a group: one on BrokerTec, one for each gateway kind on Globex."
    ),
    "User administrator": "Invites people, grants roles and maps front end systems at an entity.",
    "Walkthrough": "A job of the desk, key by key, in a sandbox of its own: to watch, to practise, to print.",
}
