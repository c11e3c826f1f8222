"""Everything the desk may refuse, each with a code for scripts and one line for people.

A message says what was refused, what to do, and (where a reader could wonder) that nothing changed.
"""

from __future__ import annotations


class DeskError(Exception):
    """A refusal that was foreseen. `code` is stable; `exit_code` is what the command line ends with.

    `remembered`: what was written before the refusal stays (a wrong code counts as a try).
    """

    code = "refused"
    exit_code = 1
    remembered = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(DeskError):
    """What was named does not exist, or the person may not know that it does."""

    code = "not_found"


class InvalidValue(DeskError):
    """A value breaks a rule; `field` says which one of a form it belongs to."""

    code = "invalid_value"

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class NameTaken(InvalidValue):
    """Rule G3: another group of the entity has this name."""

    code = "name_taken"


class LimitReached(DeskError):
    """A limit of the market or of the day is reached."""

    code = "limit_reached"


class ChangedMeanwhile(DeskError):
    """Somebody else changed it since it was read (rule G10)."""

    code = "changed_meanwhile"


class SessionInUse(DeskError):
    """Rule G9: a session of a living group stays."""

    code = "session_in_use"


class SessionEnded(DeskError):
    """Rule G9: a released or retired session gets no new key pair."""

    code = "session_ended"


class NotSignedIn(DeskError):
    """Nobody is known, or the proof did not hold."""

    code = "not_signed_in"
    exit_code = 3
    remembered = True


class AccountLocked(NotSignedIn):
    """Rule P1: five wrong tries lock an account for three hours."""

    code = "account_locked"


class NotEntitled(DeskError):
    """Rule P3: the person has no role that allows this."""

    code = "not_entitled"
    exit_code = 3


class SecondFactorFailed(DeskError):
    """Rule P2: the code is wrong, used, expired, or belongs to something else.

    `retry`: the same challenge may be answered again.
    """

    code = "second_factor_failed"
    exit_code = 4
    remembered = True

    def __init__(self, message: str, retry: bool = False) -> None:
        super().__init__(message)
        self.retry = retry


class FactorUnavailable(DeskError):
    """Rule P2: the factor cannot be used by this person or on this desk."""

    code = "factor_unavailable"
    exit_code = 4


class CodesUsedUp(SecondFactorFailed):
    """Rule P2: at most ten codes a day a person."""

    code = "codes_used_up"


class StoreMissing(DeskError):
    """There is no store at the path."""

    code = "store_missing"
    exit_code = 2


class StoreUnusable(DeskError):
    """The store cannot be used as it is: its folder, its mode, its version."""

    code = "store_unusable"
    exit_code = 2


class StoreTooNew(StoreUnusable):
    """A newer version of the application made the store."""

    code = "store_too_new"


class StoreBusy(DeskError):
    """The disk is full or somebody held the store for too long."""

    code = "store_busy"


class MasterKeyMissing(DeskError):
    """Secrets cannot be opened: the master key file is not there."""

    code = "master_key_missing"


class WrongMasterKey(StoreUnusable):
    """The master key file belongs to another store."""

    code = "wrong_master_key"


class MasterKeyLoose(StoreUnusable):
    """The master key file can be read by others."""

    code = "master_key_loose"


class MailHeld(DeskError):
    """Rule Q6: nothing can be sent from here: a sandbox, or no mail server is configured."""

    code = "mail_held"


class MailUnusable(DeskError):
    """The mail configuration cannot be used as it is: a file of it is not there, or others may read it."""

    code = "mail_unusable"


class SmsUnusable(DeskError):
    """Rule P2: the SMS configuration cannot be used as it is: a file of it is not there, or others may read it."""

    code = "sms_unusable"


class TryLater(DeskError):
    """A letter was not taken, and may be later.

    `server`: the trouble is with the server itself, so that no other letter would be taken either.
    """

    code = "try_later"

    def __init__(self, message: str, server: bool = False) -> None:
        super().__init__(message)
        self.server = server


class Undeliverable(DeskError):
    """A letter will never be taken as it is."""

    code = "undeliverable"


class FileRefused(DeskError):
    """A file to write exists already, or its folder is not there, or the disk is full."""

    code = "file_refused"


class ConfigInvalid(DeskError):
    """The configuration file cannot be used."""

    code = "config_invalid"
    exit_code = 2


class PortUnusable(DeskError):
    """A port for a rehearsal cannot be opened."""

    code = "port_unusable"


class PortClosed(DeskError):
    """Five invalid logons closed the port of a rehearsal (domain section 8)."""

    code = "port_closed"
