"""sshd as the door of the desk: the configuration that it needs, and what is wrong with the one that it has."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.places import Place, ServerPlace

_TEMPLATE = """\
# The drop copy desk over SSH. Keep this at the end of the file: a Match block ends where the next one begins.
Match User {account}
    AuthenticationMethods publickey
    AuthorizedKeysFile none
    AuthorizedKeysCommand {program} -I -m dropcopy_tui.key_answer {forker}{options} %f %t %k
    AuthorizedKeysCommandUser {account}
    ExposeAuthInfo yes
    ForceCommand exec {program} -I -m dropcopy_tui.gate {forker}{options}
    PermitTTY yes
    DisableForwarding yes
    PermitUserRC no
    ClientAliveInterval 30
    ClientAliveCountMax 4
"""
# Seats read what sshd writes for them in /tmp, and outlive the forker: neither a private /tmp nor a kill of them all.
_UNIT = """\
[Unit]
Description=Seats of the drop copy desk over SSH ({account})

[Service]
User={account}
ExecStart={program} -I -m dropcopy_tui ssh forker --folder {folder}
RuntimeDirectory={name}
RuntimeDirectoryMode=0700
KillMode=process
Restart=always
LimitCORE=0
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
"""
# What each line of the configuration must say in the end, and why it matters.
_WANTED = {
    "authenticationmethods": ("publickey", "no password or other method may open the desk"),
    "authorizedkeysfile": ("none", "a key outside the store belongs to no person"),
    "exposeauthinfo": ("yes", "the gate must learn which key was used"),
    "permittty": ("yes", "the application needs a terminal"),
    "disableforwarding": ("yes", "nothing may be tunnelled through the host"),
    "permituserrc": ("no", "~/.ssh/rc would run before the gate"),
    "permituserenvironment": ("no", "~/.ssh/environment would reach the gate"),
}
_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at; `cure` says what to do, and is empty where all is well."""

    check: str
    cure: str = ""


def forker_folder(account: str) -> str:
    """Where the account's forker listens if nothing else is said: systemd makes the folder."""
    return f"/run/dropcopy-{account}"


def server_config(account: str, program: Path, options: Sequence[str], forker: str = "") -> str:
    """The part of sshd_config for the desk's account; `forker` is the folder of its forker, if it may use one.

    Raises InvalidValue: sshd could not read a path with spaces.
    """
    _require_plain(account, str(program), forker, *options)
    given = f"--forker {forker} " if forker else ""
    return _TEMPLATE.format(account=account, program=program, forker=given, options=" ".join(options))


def unit(account: str, program: Path) -> str:
    """The systemd unit of the account's forker. Raises InvalidValue, as for sshd."""
    _require_plain(account, str(program))
    folder = forker_folder(account)
    return _UNIT.format(account=account, program=program, folder=folder, name=folder.rpartition("/")[2])


def _require_plain(*words: str) -> None:
    if any(word and (shlex.quote(word) != word or "%" in word) for word in words):
        raise InvalidValue("sshd cannot take spaces, quotes or % in the account or in paths. Use plain names.")


def examine(account: str, store: Place) -> list[Finding]:
    """Every check, in the order of the way in."""
    found = [_account(account), *_store(account, store)]
    said = _effective(account)
    if isinstance(said, Finding):
        return [*found, said]
    return [*found, *_settings(said), *_commands(account, said)]


def _account(account: str) -> Finding:
    check = f"account {account}"
    try:
        entry = pwd.getpwnam(account)
    except KeyError:
        return Finding(check, f"Create it: useradd --create-home --shell /bin/sh {account}")
    if entry.pw_uid == 0:
        return Finding(check, "It is root. Use an account of the desk's own.")
    if entry.pw_shell.endswith(("nologin", "false")):
        return Finding(check, f"sshd runs the gate through its shell: chsh --shell /bin/sh {account}")
    return Finding(check)


def _store(account: str, store: Place) -> Iterator[Finding]:
    check = f"store {store}"
    if isinstance(store, ServerPlace):
        # The gate says so itself where the server cannot be reached.
        return
    try:
        facts = store.stat()
        owner = pwd.getpwuid(facts.st_uid).pw_name
    except (OSError, KeyError):
        yield Finding(
            check, f"There is none. As {account}: dropcopy --store {store} --password-file - init --admin USER"
        )
        return
    if owner != account:
        yield Finding(check, f"It belongs to {owner}: chown {account} {store} and the files beside it")
    elif stat.S_IMODE(facts.st_mode) & 0o077:
        yield Finding(check, f"Other accounts can read it: chmod 600 {store}")
    else:
        yield Finding(check)


def _effective(account: str) -> Mapping[str, str] | Finding:
    """What sshd makes of its configuration for this account: each keyword in lower case with its value."""
    sshd = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if sshd is None:
        return Finding("sshd", "It is not installed. Install OpenSSH's server.")
    command = [sshd, "-T", "-C", f"user={account},host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("sshd", f"Its configuration cannot be read ({error}).")
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        advice = " Run this as root." if os.geteuid() else ""
        return Finding("sshd", f"sshd -T refuses: {why}.{advice}")
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():
        name, _, value = line.partition(" ")
        # What is said several times, such as AllowUsers, is said together.
        found[name.lower()] = " ".join(filter(None, (found.get(name.lower()), value.strip())))
    return found


def _settings(said: Mapping[str, str]) -> Iterator[Finding]:
    for name, (wanted, why) in _WANTED.items():
        there = said.get(name, "")
        yield Finding(name, "" if there == wanted else f"It is {there or 'not set'}; set it to {wanted}: {why}.")


def _commands(account: str, said: Mapping[str, str]) -> Iterator[Finding]:
    asked = said.get("authorizedkeyscommand", "none")
    right = asked.endswith(" %f %t %k") and any(way in asked for way in _ANSWERS)
    yield Finding("authorizedkeyscommand", "" if right else _PASTE)
    for name, may in (("allowusers", True), ("denyusers", False)):
        named = any(fnmatch(account, word.partition("@")[0]) for word in said.get(name, "").split())
        if name in said and named is not may:
            yield Finding(name, f"It keeps {account} out: {'add' if may else 'remove'} {account}.")
    user = said.get("authorizedkeyscommanduser", "none")
    yield Finding("authorizedkeyscommanduser", "" if user == account else f"It is {user}; set it to {account}.")
    forced = said.get("forcecommand", "none")
    yield Finding("forcecommand", "" if "-m dropcopy_tui.gate" in forced or forced.endswith("ssh gate") else _PASTE)
    if right:
        yield _trusted(Path(asked.split()[0]))
    words = forced.split()
    if "--forker" in words[:-1]:
        yield _forker(account, words[words.index("--forker") + 1])


# What `ssh config` prints, and what it printed before.
_ANSWERS = ("-m dropcopy_tui.key_answer ", "ssh authorized-keys ")
_PASTE = "Paste what `dropcopy ssh config` prints."


def _forker(account: str, folder: str) -> Finding:
    """Whether seats come from the forker. Without it all works, and a seat takes more memory and a longer start."""
    from dropcopy_tui.handover import connect, is_ready

    check = f"forker {folder}"
    with suppress(KeyError):
        owner = pwd.getpwnam(account).pw_uid
        if is_ready(folder, owner):
            return Finding(check)
        found = connect(folder, owner)
        if found is not None:
            found.close()
            return Finding(
                check, f"It is another version's: restart it, such as by systemctl restart dropcopy-{account}"
            )
    # It is worth having, and nothing is wrong without it.
    return Finding(f"{check}: not running, so seats start without it")


def _trusted(program: Path) -> Finding:
    """sshd runs a program only if root alone could have put it there, however it is reached."""
    check = f"program {program}"
    for path in (program.resolve(), *program.resolve().parents):
        if not path.stat().st_mode & stat.S_IXOTH:
            return Finding(check, f"The desk's account cannot reach {path}: use a Python that every account can run.")
    for path in (program, *program.parents):
        facts = path.lstat() if path.is_symlink() else path.stat()
        if facts.st_uid != 0 or (not stat.S_ISLNK(facts.st_mode) and facts.st_mode & 0o022):
            return Finding(
                check, f"Other accounts than root can change {path}: install dropcopy as root, such as in /opt."
            )
    return Finding(check)
