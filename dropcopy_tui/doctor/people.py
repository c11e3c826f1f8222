"""People: whether someone can do what will be needed, and whether one person can do too much."""

from __future__ import annotations

from collections.abc import Iterator

from dropcopy_tui.doctor.check import Patient, Room, Trouble, agree, named
from dropcopy_tui.domain.people import Role

PEOPLE = Room()
_HOLD = (
    "SELECT p.user_id FROM person p JOIN entitlement e ON e.person_id = p.id "
    "WHERE e.role = :role AND NOT p.disabled ORDER BY p.user_id"
)
_AT = (
    "(SELECT 1 FROM entitlement e JOIN person p ON p.id = e.person_id WHERE e.entity_id = n.id AND e.role = '{}' "
    "AND NOT p.disabled)"
)
_MANAGERS = _AT.format(Role.ADMINISTRATIVE_MANAGER.value)
_ADMINISTRATORS = _AT.format(Role.USER_ADMINISTRATOR.value)
_NO_WAY_IN = (
    "SELECT p.user_id FROM person p WHERE NOT p.disabled AND p.password_hash IS NULL AND p.os_account IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM ssh_key k WHERE k.person_id = p.id AND k.revoked_at IS NULL) AND {} EXISTS "
    "(SELECT 1 FROM invitation i WHERE i.person_id = p.id) AND NOT EXISTS (SELECT 1 FROM invitation i "
    "WHERE i.person_id = p.id AND i.used_at IS NULL AND i.expires_at > :now) ORDER BY p.user_id"
)


def _holders(at: Patient, role: Role) -> list[str]:
    return [row[0] for row in at.ask(_HOLD, role=role.value)] if at.is_real else []


@PEOPLE.check("people.operations", "No one can run scheduled jobs, import, back up or appoint administrators.")
def _operations(at: Patient) -> Iterator[Trouble]:
    if at.is_real and not _holders(at, Role.OPERATIONS):
        yield Trouble("No enabled account has the role operations.", "dropcopy people enable USER, by another role")


@PEOPLE.check("people.one_operations", "If that person leaves, no one can grant the role again.")
def _one_operations(at: Patient) -> Iterator[Trouble]:
    held = _holders(at, Role.OPERATIONS)
    if len(held) == 1:
        yield Trouble(f"Only {held[0]} has the role operations.", "dropcopy people entitle USER operations")


@PEOPLE.check("people.auditor", "No one but operations reads the audit trail, which is mostly about operations.")
def _auditor(at: Patient) -> Iterator[Trouble]:
    if at.is_real and not set(_holders(at, Role.AUDITOR)) - set(_holders(at, Role.OPERATIONS)):
        yield Trouble("No one is an auditor without being operations.", "dropcopy people entitle USER auditor")


@PEOPLE.check("people.ease_agents", "The reset of a lost factor takes two EASE agents.")
def _agents(at: Patient) -> Iterator[Trouble]:
    held = len(_holders(at, Role.EASE_AGENT))
    if at.is_real and held < 2:
        yield Trouble(f"There are {held} EASE agents; two are needed.", "dropcopy people entitle USER ease_agent")


@PEOPLE.check("people.ease_and_keys", "One person can issue codes and use what they open.")
def _ease_and_keys(at: Patient) -> Iterator[Trouble]:
    both = sorted(set(_holders(at, Role.EASE_AGENT)) & set(_holders(at, Role.KEY_MANAGEMENT)))
    if both:
        are = agree(both, "is an EASE agent and manages key pairs", "are EASE agents and manage key pairs")
        yield Trouble(f"{named(both)} {are}.", f"dropcopy people remove {both[0]} ease_agent")


@PEOPLE.check("people.user_administrator", "No one can invite people or change their roles there.")
def _administrators(at: Patient) -> Iterator[Trouble]:
    asked = (
        "SELECT n.code FROM entity n WHERE EXISTS (SELECT 1 FROM entitlement e WHERE e.entity_id = n.id) "
        f"AND NOT EXISTS {_ADMINISTRATORS} ORDER BY n.code"
    )
    found = at.ask(asked) if at.is_real else ()
    if found:
        yield Trouble(
            f"{named(found)} {agree(found, 'has', 'have')} no user administrator.",
            f"dropcopy people entitle USER user_administrator@{found[0][0]}",
        )


@PEOPLE.check("people.approver", "Requests wait there until someone can approve them.")
def _approvers(at: Patient) -> Iterator[Trouble]:
    asked = (
        "SELECT n.code FROM entity n WHERE (n.approvals = 'always' OR n.clearing_firm) "
        f"AND NOT EXISTS {_MANAGERS} ORDER BY n.code"
    )
    found = at.ask(asked) if at.is_real else ()
    if found:
        cure = f"dropcopy people entitle USER administrative_manager@{found[0][0]}"
        lack = agree(found, "approves requests and has", "approve requests and have")
        yield Trouble(f"{named(found)} {lack} no administrative manager.", cure)


@PEOPLE.check("people.sole_approver", "No one approves their own requests, so that these wait without end.")
def _sole(at: Patient) -> Iterator[Trouble]:
    of = "(SELECT count(DISTINCT e.person_id) FROM entitlement e JOIN person p ON p.id = e.person_id " \
         "WHERE e.entity_id = n.id AND e.role = 'administrative_manager' AND NOT p.disabled)"  # fmt: skip
    asked = (
        f"SELECT n.code FROM entity n WHERE n.approvals = 'always' AND {of} = 1 AND EXISTS "
        "(SELECT 1 FROM entitlement m JOIN entitlement f ON f.person_id = m.person_id AND f.entity_id = m.entity_id "
        "JOIN person p ON p.id = m.person_id WHERE m.entity_id = n.id AND m.role = 'administrative_manager' "
        "AND f.role = 'full_access' AND NOT p.disabled) ORDER BY n.code"
    )
    found = at.ask(asked) if at.is_real else ()
    if found:
        cure = f"dropcopy people entitle USER administrative_manager@{found[0][0]}"
        yield Trouble(f"The only administrative manager of {named(found)} submits requests as well.", cure)


@PEOPLE.check("people.second_factor", "They cannot generate or download key pairs when one is needed.")
def _factors(at: Patient) -> Iterator[Trouble]:
    if not at.is_real or at.config is None or at.config.duo is not None:
        return
    phone = "" if at.config.sms is None else "AND p.mobile IS NULL "
    asked = (
        "SELECT DISTINCT p.user_id FROM person p JOIN entitlement e ON e.person_id = p.id WHERE NOT p.disabled "
        f"AND e.role = 'key_management' {phone}AND NOT EXISTS (SELECT 1 FROM authenticator a "
        "WHERE a.person_id = p.id AND a.confirmed_at IS NOT NULL) ORDER BY p.user_id"
    )
    found = at.ask(asked)
    if found:
        lack = agree(found, "manages key pairs and has", "manage key pairs and have")
        yield Trouble(f"{named(found)} {lack} no second factor.", "dropcopy authenticator enrol")


@PEOPLE.check("people.factor_off", "They cannot prove who they are until EASE resets it.")
def _off(at: Patient) -> Iterator[Trouble]:
    asked = "SELECT DISTINCT p.user_id FROM person p JOIN factor_state s ON s.person_id = p.id " \
            "WHERE s.off_since IS NOT NULL AND NOT p.disabled ORDER BY p.user_id"  # fmt: skip
    found = at.ask(asked) if at.is_real else ()
    if found:
        yield Trouble(
            f"A factor of {named(found)} is switched off after wrong codes.", f"dropcopy ease reset {found[0][0]}"
        )


@PEOPLE.check("people.locked", "Someone has forgotten a password, or someone else is guessing.")
def _locked(at: Patient) -> Iterator[Trouble]:
    asked = "SELECT user_id FROM person WHERE locked_until > :now AND NOT disabled ORDER BY user_id"
    found = at.ask(asked, now=at.now) if at.is_real else ()
    if found:
        yield Trouble(
            f"{named(found)} {agree(found, 'is', 'are')} locked after wrong passwords.",
            f"dropcopy ease unlock {found[0][0]}",
        )


@PEOPLE.check("people.no_way_in", "The account can only be used by whoever gives it a way in.")
def _shut_out(at: Patient) -> Iterator[Trouble]:
    found = at.ask(_NO_WAY_IN.format("NOT"), now=at.now) if at.is_real else ()
    if found:
        yield Trouble(
            f"{named(found)} {agree(found, 'has', 'have')} no password, account, SSH key or invitation.",
            f"dropcopy people disable {found[0][0]}",
        )


@PEOPLE.check("people.invitation", "They cannot sign in, and may not know it.")
def _invited(at: Patient) -> Iterator[Trouble]:
    found = at.ask(_NO_WAY_IN.format(""), now=at.now) if at.is_real else ()
    if found:
        yield Trouble(
            f"The invitation of {named(found)} expired unused.", f"dropcopy people invite-again {found[0][0]}"
        )


@PEOPLE.check("people.email", "Notices, invitations and warnings to them reach no one.")
def _email(at: Patient) -> Iterator[Trouble]:
    found = at.ask("SELECT user_id FROM person WHERE email LIKE '%@localhost' AND NOT disabled") if at.is_real else ()
    if found:
        yield Trouble(
            f"{named(found)} {agree(found, 'has', 'have')} an email address at localhost.",
            "dropcopy people invite, under another user id with a real address, then: dropcopy people disable USER",
        )
