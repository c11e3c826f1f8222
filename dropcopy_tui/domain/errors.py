"""Every refusal of the desk, each with a code for scripts and one line for people.

A message says what was refused, why, what to do, and (where something might have been) that nothing was changed.
"""

from __future__ import annotations


class DeskError(Exception):
    """An expected refusal. `code` is stable; `exit_code` is the exit code of the command line.

    `remembered`: what was written before the refusal is committed nevertheless (a wrong code counts as an attempt).
    """

    code = "refused"
    exit_code = 1
    remembered = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(DeskError):
    """Something does not exist, or the person has no access to it; the message does not tell which."""

    code = "not_found"


class InvalidValue(DeskError):
    """A value breaks a rule; `field` is the form field that it belongs to."""

    code = "invalid_value"

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class TooLate(InvalidValue):
    """What had a life of its own is over, and stays so: a clock that goes back later does not bring it back."""

    remembered = True


class Declined(DeskError):
    """The person was asked for confirmation and did not confirm."""

    code = "declined"


class NameTaken(InvalidValue):
    """Rule G3: another group of the entity has this name."""

    code = "name_taken"


class LimitReached(DeskError):
    """A limit of the market or of the day has been reached."""

    code = "limit_reached"


class Interrupted(DeskError):
    """Long work was ended early, before its transaction was committed."""

    code = "interrupted"
    # As for a process that SIGINT ends.
    exit_code = 130

    def __init__(self, message: str = "Interrupted. Nothing was changed.") -> None:
        super().__init__(message)


class ChangedMeanwhile(DeskError):
    """Another person changed the record since it was read (rule G10)."""

    code = "changed_meanwhile"


class SessionInUse(DeskError):
    """Rule G9: a session of an existing group cannot be retired."""

    code = "session_in_use"


class SessionEnded(DeskError):
    """Rule G9: a released or retired session gets no new key pair."""

    code = "session_ended"


class NotSignedIn(DeskError):
    """The person is unknown, or their proof was rejected."""

    code = "not_signed_in"
    exit_code = 3
    remembered = True


class AccountLocked(NotSignedIn):
    """Rule P1: five failed attempts lock an account for three hours."""

    code = "account_locked"


class SeatsTaken(NotSignedIn):
    """The person has as many seats as they may have at a time: where they are signed in, and how to end one."""

    code = "seats_taken"


class SeatEnded(NotSignedIn):
    """The seat that acts has ended, or was ended: by whom and why."""

    code = "seat_ended"


class NotEntitled(DeskError):
    """Rule P3: the person has no role that allows this."""

    code = "not_entitled"
    exit_code = 3


class SecondFactorFailed(DeskError):
    """Rule P2: the code is wrong, used, expired, or was issued for a different action.

    `retry`: the same challenge may be answered again.
    """

    code = "second_factor_failed"
    exit_code = 4
    remembered = True

    def __init__(self, message: str, retry: bool = False) -> None:
        super().__init__(message)
        self.retry = retry


class FactorNeeded(DeskError):
    """Rule P2: the site asks for a second factor here, and none was given. Nothing was changed."""

    code = "second_factor_needed"
    exit_code = 4


class FactorUnavailable(DeskError):
    """Rule P2: the factor cannot be used by this person or on this desk."""

    code = "factor_unavailable"
    exit_code = 4


class CodesUsedUp(SecondFactorFailed):
    """Rule P2: a person gets at most ten codes a day."""

    code = "codes_used_up"


class StoreMissing(DeskError):
    """No store exists at the path."""

    code = "store_missing"
    exit_code = 2


class StoreUnusable(DeskError):
    """The store cannot be used as it is: its folder, its mode, its version."""

    code = "store_unusable"
    exit_code = 2


class StoreTooNew(StoreUnusable):
    """A newer version of the application made the store."""

    code = "store_too_new"


class RowAltered(DeskError):
    """A row that grants power is not as the desk wrote it: it is not used."""

    code = "row_altered"


class TrailBroken(StoreUnusable):
    """Rule P4: the audit trail does not end as its last writer left it."""

    code = "trail_broken"


class StoreBusy(DeskError):
    """The disk is full, or another process locked the store for too long."""

    code = "store_busy"


class MasterKeyMissing(DeskError):
    """Secrets cannot be decrypted, because the master key file is missing."""

    code = "master_key_missing"


class WrongMasterKey(StoreUnusable):
    """The master key file belongs to another store."""

    code = "wrong_master_key"


class MasterKeyLoose(StoreUnusable):
    """Other accounts can read the master key file."""

    code = "master_key_loose"


class MailHeld(DeskError):
    """Rule Q6: email is held, because this is a sandbox or no mail server is configured."""

    code = "mail_held"


class MailUnusable(DeskError):
    """The mail configuration is unusable: one of its files is missing, or other accounts can read it."""

    code = "mail_unusable"


class SmsUnusable(DeskError):
    """Rule P2: the SMS configuration is unusable: one of its files is missing, or other accounts can read it."""

    code = "sms_unusable"


class TryLater(DeskError):
    """A message was not accepted, but may be accepted later.

    `server`: the server itself fails, so that it would not accept any other message either.
    """

    code = "try_later"

    def __init__(self, message: str, server: bool = False) -> None:
        super().__init__(message)
        self.server = server


class Undeliverable(DeskError):
    """A message will never be accepted as it is."""

    code = "undeliverable"


class FileRefused(DeskError):
    """A file cannot be read or written: it already exists, its folder is missing, or the disk is full."""

    code = "file_refused"


class ConfigInvalid(DeskError):
    """The configuration file is invalid."""

    code = "config_invalid"
    exit_code = 2


class PortUnusable(DeskError):
    """A port for a rehearsal cannot be opened."""

    code = "port_unusable"


class PortClosed(DeskError):
    """Five invalid logons closed the port of a rehearsal (domain section 8)."""

    code = "port_closed"


class ForkerUnusable(DeskError):
    """The forker of the SSH desk cannot listen where it was told to."""

    code = "forker_unusable"
