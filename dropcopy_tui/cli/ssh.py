"""dropcopy ssh."""

from __future__ import annotations

from dropcopy_tui.cli.call import noun
from dropcopy_tui.cli.ssh_gate import authorized_keys, forker, gate, seat
from dropcopy_tui.cli.ssh_keys import keys
from dropcopy_tui.cli.ssh_server import config, doctor


@noun("ssh")
def ssh() -> None:
    """The desk over SSH: people's keys, the configuration of sshd, and a check of it.

    Once sshd is configured, `ssh desk` opens the application, and `ssh desk groups list` runs a command.
    """


for command in (keys, config, doctor, authorized_keys, gate, seat, forker):
    ssh.add_command(command)
