"""The list: where a line is changed, into what, and which tests must fail then.

Each stands for a promise of SECURITY.md or of the rules; `what` says which one is broken. A line that has gone is an
error of the list, and is told as one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bug:
    """A change of one line."""

    name: str
    what: str
    file: str
    old: str
    new: str
    tests: str


def _bug(name: str, what: str, file: str, old: str, new: str, *tests: str) -> Bug:
    return Bug(name, what, file, old, new, " ".join(f"tests/{test}" for test in tests))


_S, _D, _T = "dropcopy_tui/services", "dropcopy_tui/domain", "dropcopy_tui/store"

RIGHTS = (
    _bug("role-of-anyone", "a right needs a role", f"{_S}/rights.py",
         "    if held & allowed:", "    if held or allowed:", "services/test_rights.py"),
    _bug("role-elsewhere", "a role holds at its place", f"{_S}/rights.py",
         'if row["entity_id"] in (None, entity_id))', 'if row["entity_id"] or True)', "services/test_rights.py"),
    _bug("disabled-acts", "a disabled person does nothing", f"{_S}/rights.py",
         '    if person["disabled"]:', '    if person["disabled"] and False:', "services/test_planted.py"),
    _bug("disabled-holds", "a disabled person holds no role", f"{_S}/rights.py",
         'if person is None or person["disabled"] or', "if person is None or", "services/test_planted.py"),
    _bug("raised-by-sql", "a role written from outside gives no right", f"{_S}/rights.py",
         'return [row for row in held if prover is None or prover.holds("entitlement", row)]', "return list(held)",
         "services/test_altered_rows.py"),
    _bug("second-account", "no one approves by way of a second account", f"{_D}/accounts.py",
         "    if some & others:", "    if some & others and False:", "services/test_four_eyes.py", "services/test_rights.py"),
    _bug("same-phone", "one phone is one person, however it is written", f"{_D}/accounts.py",
         "len(long) - len(short) < 5", "len(long) - len(short) < 0", "unit/test_accounts.py", "services/test_four_eyes.py"),
    _bug("own-request", "no one approves their own request", f"{_S}/requests/requests.py",
         "    if row.submitted_by in accounts.of(uow.actor.person_id):", "    if not row.submitted_by:",
         "services/test_decisions.py"),
    _bug("sponsored", "no one approves for whoever invited them", f"{_S}/requests/requests.py",
         "    if row.submitted_by in sponsor_ids(uow.tx, accounts, uow.actor.person_id, uow.now - wait):",
         "    if not row.submitted_by:", "services/test_self_raise.py", "services/test_four_eyes.py"),
    _bug("approves-anywhere", "an approver approves for their own firm", f"{_S}/requests/requests.py",
         "if uow.roles_at(place) & MAY_APPROVE]", "if uow.roles_at(place) or True]", "services/test_decisions.py"),
    _bug("stale-approval", "an approval is bound to what was shown", f"{_S}/requests/requests.py",
         "    if row.version != version:", "    if row.version < 0:", "services/test_decisions.py"),
    _bug("cancels-others", "a request is cancelled by its requester", f"{_S}/requests/requests.py",
         "            if row.submitted_by != actor.person_id:", "            if not row.submitted_by:",
         "services/test_decisions.py"),
    _bug("own-roles", "no one changes the roles of their own accounts", f"{_S}/people/roles.py",
         "    return row.id in same_person_ids(uow.tx, uow.actor.person_id)", "    return row.id is None",
         "services/test_four_eyes.py", "services/test_people.py"),
    _bug("gives-any-role", "a role is given by those who may", f"{_S}/people/roles.py",
         "    if mine & givers_of(role):", "    if mine or givers_of(role):", "services/test_people.py", "services/test_rights.py"),
    _bug("grant-without-factor", "a grant of power needs a second factor", f"{_S}/people/roles.py",
         "    if not given or not uow.settings.role_grant_factor:", "    if given or True:", "services/test_grant_factor.py"),
    _bug("administers-part", "a person is administered at every place they have a role", f"{_S}/people/roles.py",
         "    if not places or not mine.issuperset(places):", "    if not mine:", "services/test_people.py"),
)  # fmt: skip

CODES = (
    _bug("code-of-others", "a code is its person's", f"{_S}/factors/challenges.py",
         "    if row is None or row.person_id != uow.actor.person_id:", "    if row is None:",
         "services/test_factors.py", "services/test_factor_attacks.py"),
    _bug("code-elsewhere", "a code confirms what it was started for", f"{_S}/factors/challenges.py",
         '    if row.purpose != purpose.value or row.scope not in ("", scope):', "    if row.purpose != purpose.value:",
         "services/test_code_scope.py"),
    _bug("code-twice", "a code works once", f"{_S}/factors/challenges.py",
         "    if row.used_at is not None:", "    if row.used_at is not None and False:",
         "services/test_factors.py", "services/test_factor_attacks.py"),
    _bug("code-guessed", "wrong attempts are counted", f"{_S}/factors/challenges.py",
         "    if row.tries >= uow.settings.code_tries:", "    if row.tries >= 10_000:", "services/test_factors.py"),
    _bug("code-late", "a code expires", f"{_S}/factors/challenges.py",
         "    over = uow.now >= row.expires_at or", "    over = row.expires_at is None or", "services/test_factors.py"),
    _bug("codes-a-day", "a day has a limit of wrong codes", f"{_S}/factors/challenges.py",
         "    if wrong >= uow.settings.codes_a_day:", "    if wrong >= 10_000:", "services/test_ease.py", "services/test_factor_ends.py"),
    _bug("password-lock", "wrong passwords lock an account", f"{_S}/people/identity.py",
         "        if person.failed_tries >= uow.settings.sign_in_tries:", "        if person.failed_tries >= 10_000:",
         "services/test_identity.py"),
    _bug("revoked-key-in", "a revoked SSH key opens nothing", f"{_S}/people/identity.py",
         "            if key is None or key.revoked_at is not None:\n                self._note_refusal",
         "            if key is None:\n                self._note_refusal", "services/test_ssh_keys.py"),
    _bug("act-as-anyone", "only a sandbox lets one act as another", f"{_S}/people/identity.py",
         '        if not self._resources.sandbox:\n            raise NotSignedIn("Acting as',
         '        if self._resources is None:\n            raise NotSignedIn("Acting as', "services/test_identity.py"),
    _bug("invitation-twice", "an invitation works once", f"{_S}/people/invitations.py",
         "    if row.used_at is not None:", "    if row.used_at is not None and False:", "services/test_invitations.py"),
    _bug("invitation-guessed", "an invitation has a limit of attempts", f"{_S}/people/invitations.py",
         "    if row.tries >= INVITATION_TRIES:", "    if row.tries >= 10_000:", "services/test_invitations.py"),
    _bug("ticket-of-others", "a file is fetched by its person", f"{_S}/people/parcels.py",
         "    if row is None or row.person_id != uow.actor.person_id or row.sealed is None or _is_over(uow, row):",
         "    if row is None or row.sealed is None or _is_over(uow, row):", "services/test_parcels.py"),
    _bug("ticket-late", "a ticket expires", f"{_S}/people/parcels.py",
         "    return uow.now >= row.expires_at or", "    return row.expires_at is None or", "services/test_parcels.py"),
    _bug("key-revoked-again", "a revoked SSH key never comes back", f"{_S}/people/ssh_keys.py",
         "    if known is not None and known.person_id == person.id:", "    if known is None:",
         "services/test_ssh_keys.py"),
    _bug("recovery-twice", "a seat is ended by its person or an operator", f"{_S}/people/seats.py",
         "    if row is None or (row.person_id != uow.actor.person_id and not uow.roles_at(None) & MAY_AUDIT):",
         "    if row is None:", "services/test_seats.py"),
)  # fmt: skip

RECORD = (
    _bug("digest-without-person", "an event that is altered is named", f"{_T}/chain_check.py",
         "        if sealed_digest(row, head) != row.digest:", "        if not row.digest:", "services/test_tampers.py", "services/test_audit.py"),
    _bug("missing-event", "an event that is missing is named", f"{_T}/chain_check.py",
         "        if row.id != head.last_event + 1:", "        if row.id is None:", "services/test_tampers.py", "services/test_audit.py"),
    _bug("key-stays", "the key of an event is destroyed with the next", f"{_T}/chain.py",
         '    return hmac.digest(key, _NEXT, "sha256")', "    return key", "services/test_tampers.py", "services/test_audit.py"),
    _bug("any-proof", "a proof needs the master key", f"{_T}/row_proofs.py",
         "            return hmac.compare_digest(bytes(proof), self.vault.row_proof(_said(table, proven)))", "            return True",
         "services/test_altered_rows.py"),
    _bug("no-proof", "a row without a proof gives nothing", f"{_T}/row_proofs.py",
         "        if proof is None:\n            return False", "        if proof is None:\n            return True",
         "services/test_altered_rows.py"),
    _bug("secret-elsewhere", "a sealed value is bound to its place", f"{_T}/vault.py",
         "        return nonce + AESGCM(self._key(self._seal_key)).encrypt(nonce, plain, self._bound(place))",
         '        return nonce + AESGCM(self._key(self._seal_key)).encrypt(nonce, plain, b"")',
         "store/test_vault.py", "services/test_keypairs.py"),
    _bug("wrong-key-opens", "another store's master key opens nothing", f"{_T}/vault.py",
         "        return check in (self.check_value(), self.early_check_value())", "        return bool(check)",
         "store/test_vault.py"),
    _bug("edit-over-edit", "an edit of what others changed is refused", f"{_S}/groups/submission.py",
         "    if stale := changes.stale_words(uow, draft, group):",
         "    if (stale := changes.stale_words(uow, draft, group)) and not draft:", "services/test_edits.py"),
    _bug("draft-over-draft", "a draft that is open twice is not written over", f"{_S}/groups/drafts.py",
         "            if row.version != version:\n                raise ChangedMeanwhile(\n",
         "            if row.version < version:\n                raise ChangedMeanwhile(\n", "services/test_drafts.py"),
    _bug("set-up-unapproved", "nothing is set up without its approvals", f"{_S}/groups/provisioning.py",
         "            if not in_progress or approvals.missing(uow, row) or not self._is_due(uow, row):",
         "            if not in_progress or not self._is_due(uow, row):", "services/test_decisions.py"),
    _bug("asker-lost-role", "nothing is set up for whoever lost the role", f"{_S}/groups/provisioning.py",
         "        if not uow.by(asker).roles_at(entity.id) & MAY_CHANGE_GROUPS:", "        if not asker:",
         "services/test_decisions.py"),
    _bug("batch-early", "a request waits for its batch", f"{_S}/groups/provisioning.py",
         "        return when is None or when <= uow.now", "        return True", "services/test_batches.py"),
    _bug("mail-twice", "a leased message is nobody else's", f"{_S}/outbox/leases.py",
         "or_(leased_until.is_(None), leased_until <= now))", "or_(leased_until.is_(None), leased_until.is_not(None)))",
         "services/test_mailing.py", "services/test_outbox.py"),
    _bug("counts-again", "the kept counts of a set are right", f"{_S}/source_sets.py",
         "def _count(uow: UnitOfWork, chosen: SourceSet, few: Sequence[int] | None) -> None:\n    counts.count_again",
         "def _count(uow: UnitOfWork, chosen: SourceSet, few: Sequence[int] | None) -> None:\n    few or counts.count_again",
         "services/test_kept_counts.py", "services/test_drafts.py"),
    _bug("of-any-market", "a source is of the group's market", f"{_S}/sendercomp_lists.py",
         "        col(SenderCompRow.market) == draft.market,", "        col(SenderCompRow.market) != '',",
         "services/test_drafts.py", "services/test_groups.py"),
    _bug("of-inactive", "an inactive SenderComp is no source", f"{_S}/sendercomp_lists.py",
         "        col(SenderCompRow.status) == SenderCompStatus.ACTIVE.value,", "        col(SenderCompRow.status) != '',",
         "services/test_drafts.py", "services/test_groups.py"),
)  # fmt: skip

KEYS = (
    _bug("expired-lives", "an expired key pair signs nothing", f"{_D}/keypairs.py",
         "    if key.replaced or now >= key.expires_at:", "    if key.replaced:", "unit/test_keypairs.py"),
    _bug("deleted-lives", "a deleted key pair signs nothing", f"{_D}/keypairs.py",
         "    if key.deleted_at is not None:\n        return KeyState.DELETED",
         "    if key.deleted_at is None:\n        return KeyState.DELETED", "unit/test_keypairs.py"),
    _bug("third-key", "a session has two living pairs at most", f"{_D}/keypairs.py",
         "    if len(pairs) > MOST_LIVING:\n", "    if len(pairs) > MOST_LIVING + 5:\n", "unit/test_keypairs.py"),
    _bug("holiday-open", "a holiday is no business day", f"{_D}/market_close.py",
         "    return day.weekday() < _SATURDAY and day not in _holidays(hours.calendar, day.year)",
         "    return day.weekday() < _SATURDAY", "unit/test_market_close.py"),
    _bug("key-file-open", "a key file is its owner's alone", "dropcopy_tui/new_file.py",
         "self.handle = os.open(\".\", nameless | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=self._folder)",
         "self.handle = os.open(\".\", nameless | os.O_WRONLY | os.O_CLOEXEC, 0o666, dir_fd=self._folder)",
         "services/test_keypairs.py", "e2e/test_main_job.py"),
    _bug("sent-to-cme", "what was sent to CME is copied to nobody", f"{_D}/routing.py",
         "        return self.kind.filters if self.from_exchange else ()", "        return self.kind.filters",
         "unit/test_routing.py", "services/test_routing.py"),
    _bug("refused-accepted", "a wrong signature is refused", f"{_D}/logon_verdict.py",
         "    if not also and holds(message, named, now):", "    if not also:", "unit/test_logon_verdict.py",
         "services/test_judges_agree.py"),
    _bug("other-firm", "a firm that is no source is refused", f"{_D}/logon_verdict.py",
         "    if session.firms and firm and firm not in session.firms:", "    if not firm and session.firms is None:",
         "unit/test_logon_verdict.py", "services/test_rehearsals.py"),
)  # fmt: skip

HOSTILE = (
    _bug("control-shown", "a control character is a glyph", f"{_D}/visible.py",
         "    return HIDING.sub(lambda found: glyph_of(found.group()), text) if HIDING.search(text) else text",
         "    return text", "unit/test_line_filter.py", "screens/test_hostile.py"),
    _bug("gate-open", "nothing hostile passes the last gate", "screens/terminal/line_filter.py",
         "            if search(segment.text):", "            if not segment.text:", "unit/test_line_filter.py"),
    _bug("formula", "a value never becomes a formula", "dropcopy_tui/csv_cells.py",
         """    return ("'" if _FORMULA.match(value) else "") + visible(value)""", "    return visible(value)",
         "unit/test_csv_cells.py"),
    _bug("odd-name", "a name looks like no other", f"{_D}/names.py",
         '    return unicodedata.normalize("NFKC", name).casefold()', "    return name", "unit/test_names.py"),
    _bug("mail-in-clear", "mail to another machine is encrypted", f"{_D}/mail.py",
         "        if self.security is Security.NONE and not is_loopback(self.host):", "        if not self.host:",
         "unit/test_mail.py", "unit/test_config.py"),
    _bug("dsa", "a weak SSH key is refused", f"{_D}/ssh_keys.py",
         '    if kind == "ssh-dss":', '    if kind == "ssh-none":', "unit/test_ssh_keys.py"),
    _bug("environment", "the gate hands on what sshd says and nothing else", "dropcopy_tui/gate.py",
         "if form.fullmatch(given.get(name, \"\"))}", "if name in given} | dict(given)", "cli/test_ssh_commands.py",
         "e2e/test_ssh_desk.py"),
    _bug("config-of-others", "a file that others can write decides nothing", "dropcopy_tui/config/trust.py",
         "        if facts.st_mode & _OTHERS:", "        if facts.st_mode < 0:", "cli/test_rules_of_the_store.py"),
    _bug("lock-of-link", "a lock is a plain file of this account", f"{_T}/gate.py",
         "        if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():", "        if facts.st_size < 0:",
         "store/test_gate.py", "store/test_engine.py"),
)  # fmt: skip

BUGS = (*RIGHTS, *CODES, *RECORD, *KEYS, *HOSTILE)
