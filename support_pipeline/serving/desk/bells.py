"""Wakes the other process of the desk at once; whoever is not woken looks by itself a moment later.

The database alone says what there is to do. A bell that nobody hears, or that a stranger rings, costs
one look. Abstract Unix sockets need no files; where there are none, the looking is all there is.
"""

import hashlib
import select
import socket
import sys
from typing import Self


class Bell:
    """The bell of one listener ("worker", "router") of a database."""

    def __init__(self, url: str, listener: str) -> None:
        digest = hashlib.sha256(url.encode()).hexdigest()[:32]
        self._address = f"\0support-pipeline-{digest}-{listener}"
        self._socket: socket.socket | None = None
        self._caller: socket.socket | None = None

    def listen(self) -> Self:
        """Begins to hear; a second listener of the same name hears nothing."""
        if sys.platform == "linux":
            heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            heard.setblocking(False)
            try:
                heard.bind(self._address)
                self._socket = heard
            except OSError:
                heard.close()
        return self

    def wait(self, seconds: float) -> None:
        """Returns when it rings, at the latest after some seconds."""
        if self._socket is None:
            select.select([], [], [], seconds)
            return
        if select.select([self._socket], [], [], seconds)[0]:
            try:
                while self._socket.recv(16):
                    pass
            except BlockingIOError:
                pass

    def ring(self) -> None:
        """Wakes the listener, if there is one."""
        if sys.platform != "linux":
            return
        if self._caller is None:
            self._caller = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._caller.setblocking(False)
        try:
            self._caller.sendto(b"!", self._address)
        except OSError:
            return  # nobody is there, or has rung already

    def close(self) -> None:
        """Hears and rings no more."""
        for one in (self._socket, self._caller):
            if one is not None:
                one.close()
        self._socket = self._caller = None
