"""Who runs the embedded PostgreSQL, which refuses to be root."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass


class NoIdentityError(RuntimeError):
    """Nobody here may run the server; the text says so to the person at the terminal."""


@dataclass(frozen=True)
class Identity:
    """Words to put before a command so that it does not run as root, and the owner its files must have."""

    uid: int
    prefix: tuple[str, ...] = ()


def choose(probe: Sequence[str]) -> Identity:
    """The first identity as which the command `probe` works.

    :raises NoIdentityError: when there is none.
    """
    uid = os.geteuid()
    if uid and _has_name(uid):
        return Identity(uid)
    for identity in others(uid):
        if works(identity, probe):
            return identity
    who = "as root" if uid == 0 else f"as user {uid}, who has no name"
    raise NoIdentityError(
        f"PostgreSQL refuses to run {who}, and this system lets us neither make a user namespace "
        "nor change the user. Run as an ordinary user, or set DATABASE_URL."
    )


def others(uid: int) -> Iterator[Identity]:
    """Ways out for root and for users without a name, the better one first. No permission is widened."""
    nobody = pwd.getpwnam("nobody")
    # In a user namespace of its own the server keeps our files and our rights under another number.
    maps = (f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}")
    yield Identity(uid, ("unshare", "--user", *maps, "--"))
    if uid == 0:
        # Else another user, who may still walk into a directory that only root may enter.
        ids = (f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
        rights = ("--inh-caps=-all,+dac_override", "--ambient-caps=+dac_override")
        yield Identity(nobody.pw_uid, ("setpriv", *ids, *rights, "--"))


def works(identity: Identity, probe: Sequence[str]) -> bool:
    try:
        return subprocess.run([*identity.prefix, *probe], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def _has_name(uid: int) -> bool:
    """initdb asks for it."""
    with suppress(KeyError):
        return bool(pwd.getpwuid(uid))
    return False
