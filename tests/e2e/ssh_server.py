"""A real sshd on the loopback, configured by `dropcopy ssh config`, and the client of a person with a key.

sshd trusts a program only if nobody but root could have put it where it is, and lets nobody but root ask for other
accounts: so this needs root, and the account that runs the tests is the desk's.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.pty import ROOT, Terminal, clean_environment

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
WHY_NOT = (
    "needs OpenSSH's server"
    if SSHD is None or shutil.which("ssh") is None
    else "needs root, which sshd asks for"
    if os.geteuid()
    else ""
)
ACCOUNT = pwd.getpwuid(os.getuid()).pw_name


@dataclass(frozen=True)
class SshDesk:
    """A running sshd, its folder, and the store behind it."""

    folder: Path
    port: int
    store: Path

    def key(self, name: str, kind: str = "ed25519") -> Path:
        """A new key pair of OpenSSH's; the path of the private one."""
        path = self.folder / name
        command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"{name} on a laptop", "-f", path]
        subprocess.run(command, check=True)
        return path

    def command(self, key: Path, *words: str, options: Sequence[str] = ()) -> list[str]:
        """`ssh` with this key and nothing of the machine's own configuration."""
        fixed = {
            "BatchMode": "yes", "IdentitiesOnly": "yes", "StrictHostKeyChecking": "no", "LogLevel": "ERROR",
            "UserKnownHostsFile": str(self.folder / "known"), "ConnectTimeout": "60",
        }  # fmt: skip
        asked = [part for name, value in fixed.items() for part in ("-o", f"{name}={value}")]
        where = ["-F", "none", "-i", str(key), "-p", str(self.port)]
        destination = [f"{ACCOUNT}@127.0.0.1", *(["--", *words] if words else [])]
        return [str(shutil.which("ssh")), *where, *asked, *options, *destination]

    def run(
        self,
        key: Path,
        *words: str,
        stdin: bytes = b"",
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """One command over SSH."""
        return subprocess.run(
            self.command(key, *words, options=options),
            input=stdin,
            env=clean_environment(env or {}),
            capture_output=True,
            timeout=120,
        )

    def sit_down(self, key: Path, cols: int = 80, rows: int = 24) -> Terminal:
        """The application over SSH, in a terminal."""
        return Terminal(self.command(key, options=("-tt",)), cols, rows)


@contextmanager
def ssh_desk(folder: Path, store: Path, *options: str, instead: Mapping[str, str] | None = None) -> Iterator[SshDesk]:
    """Run sshd with what `ssh config` prints for this store (and these options of it).

    `instead` has other values for keywords of it, for something that is to be compared with the desk; "" is none.
    """
    folder.mkdir(exist_ok=True)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "host"], check=True)
    printed = subprocess.run(
        [sys.executable, "-m", "dropcopy_tui", "--store", store, "ssh", "config", "--account", ACCOUNT, *options],
        env=clean_environment({"PYTHONPATH": str(ROOT)}), cwd=ROOT, check=True, text=True, capture_output=True,
    )  # fmt: skip
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\nPidFile {folder / 'pid'}\nUsePAM no\n"
        # A site's own line must not matter: the gate lets none of these through.
        "PermitRootLogin yes\nAcceptEnv *\nSubsystem sftp internal-sftp\nMaxStartups 100\n"
        # Keys of the bench's other servers lie in a temporary folder, where everyone may write.
        "StrictModes no\n"
        f"{_changed(printed.stdout, instead or {})}"
    )
    assert SSHD is not None
    server = subprocess.Popen(
        [SSHD, "-D", "-e", "-f", folder / "sshd_config"], stderr=(folder / "log").open("wb"), stdin=subprocess.DEVNULL
    )
    try:
        _wait_for(port, server)
        yield SshDesk(folder, port, store)
    finally:
        server.terminate()
        server.wait(10)


def _changed(config: str, instead: Mapping[str, str]) -> str:
    for keyword, value in instead.items():
        line = f"    {keyword} {value}\n" if value else ""
        config, count = re.subn(rf"^ +{keyword} .*\n", lambda _, line=line: line, config, flags=re.M)
        assert count == 1, keyword
    return config


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError("sshd did not start")
