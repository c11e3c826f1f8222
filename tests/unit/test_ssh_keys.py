"""SSH public keys: what is accepted, what is refused and why; real keys come from the `cryptography` package."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.ssh_keys import is_fingerprint, read_public_key


def public(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def text(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


ED25519 = public(ed25519.Ed25519PrivateKey.generate())
SK = "sk-ssh-ed25519@openssh.com"
SECURITY_KEY = f"{SK} {base64.b64encode(text(SK.encode()) + text(bytes(32)) + text(b'ssh:')).decode()}"


@pytest.mark.parametrize(
    "line",
    [
        ED25519,
        SECURITY_KEY,
        public(rsa.generate_private_key(65537, 3072)),
        *(public(ec.generate_private_key(curve())) for curve in (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)),
    ],
    ids=lambda line: line.split()[0],
)
def test_a_key_is_read_with_its_comment(line: str) -> None:
    key = read_public_key(f"  {line} somebody@a laptop \n")
    assert key.line == line
    assert key.comment == "somebody@a laptop"
    assert is_fingerprint(key.fingerprint)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
def test_the_fingerprint_is_that_of_ssh_keygen(tmp_path: Path) -> None:
    file = tmp_path / "key.pub"
    file.write_text(ED25519)
    said = subprocess.run(["ssh-keygen", "-lf", file], capture_output=True, text=True, check=True).stdout
    assert read_public_key(ED25519).fingerprint == said.split()[1]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (public(rsa.generate_private_key(65537, 2048)), "2,048 bits"),
        (public(dsa.generate_private_key(1024)), "DSA"),
        (f'command="x" {ED25519}', "begins with options"),
        (f"restrict {ED25519}", "begins with options"),
        (ED25519.replace("ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"), "certificate"),
        (ED25519[:-8], "damaged"),
        (ED25519[:-3], "not whole"),
        (ED25519.replace("ssh-ed25519", "ssh-rsa"), "damaged"),
        (f"{ED25519}\n{ED25519}", "one line"),
        (f"{ED25519} \x1b[2J", "one line"),
        ("", "is not a type"),
        ("ssh-ed25519", "damaged"),
        ("hello there", "is not a type"),
        ("ssh-ed25519 " + "A" * 9_000, "one line"),
        (
            ed25519.Ed25519PrivateKey.generate()
            .private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
            .decode(),
            "private key",
        ),
    ],
    # Keys are new each time, and every worker must find the same names.
    ids=range(15),
)
def test_anything_else_is_refused_with_its_reason(line: str, why: str) -> None:
    with pytest.raises(InvalidValue, match=why):
        read_public_key(line)


@given(st.binary(max_size=80), st.sampled_from(["ssh-ed25519", "ssh-rsa", SK, "ecdsa-sha2-nistp256"]))
def test_no_bytes_break_the_reader(raw: bytes, kind: str) -> None:
    for blob in (raw, text(kind.encode()) + raw):
        with pytest.raises(InvalidValue):
            read_public_key(f"{kind} {base64.b64encode(blob).decode()}")
