"""Ends that break nothing off: a listening socket that nobody is lost in, connections closed without a reset.

The system breaks a connection off (RST) in two cases that would cost a client what it was promised. Whoever waits in
the accept queue when the last process closes a listening socket is broken off; between the last look into the queue and
the closing somebody can always come in, so first nobody may. And a connection that is closed with bytes unread is
broken off instead of ended, which can even take from the client an answer that it has not read yet (RFC 9112, section
9.6).
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import socket
import struct
import sys
import termios
from typing import Any, Final

LINGER_SECONDS: Final = 2.0
"""How long a connection whose answers are sent is still read from, so that its client reads them and closes first."""

_SO_ATTACH_FILTER: Final = 26  # asm-generic/socket.h; Python has no name for it
_FLAGS, _SYN, _SYN_ACK = 13, 0x02, 0x12
# Classic BPF over a segment's TCP header: (code, jump if true, jump if false, operand).
_NO_SYN: Final = (
    (0x30, 0, 0, _FLAGS),  # load the byte of flags
    (0x54, 0, 0, _SYN_ACK),  # of them, SYN and ACK
    (0x15, 0, 1, _SYN),  # SYN alone begins a connection:
    (0x06, 0, 0, 0),  # drop it
    (0x06, 0, 0, 0xFFFFFFFF),  # let everything else through
)


def let_nobody_in(listening: socket.socket) -> bool:
    """From now on no connection begins here; one that has begun is completed and can be accepted.

    It holds for the socket, so for every process that shares it, and for good. A client that comes too late gets no
    answer for as long as the socket is open; it tries again after a second by itself and is then refused.

    Returns:
        False where the system cannot do it (only Linux can); then the queue can be emptied, but not for certain.
    """
    if sys.platform != "linux":
        return False
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _NO_SYN))
    try:
        listening.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(_NO_SYN), ctypes.addressof(program))
        )
    except OSError:
        return False
    return True


class LingeringTransport(asyncio.Transport):
    """A connection that says it is over, and reads on until its client closes too.

    What comes in after `close` is to be thrown away by the protocol. With TLS the transport beneath does the like:
    it waits for the client's own end.
    """

    def __init__(self, beneath: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._beneath, self._loop = beneath, loop
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None
        self._unsent: list[bytes | bytearray | memoryview] = []

    def close(self) -> None:
        """Nothing more is sent after what was written; the connection ends when its client closes, or with time."""
        self._send()
        if self.is_closing():
            return
        self._closing = True
        if not self._beneath.can_write_eof():
            self._beneath.close()
            return
        try:
            self._beneath.write_eof()
            self._beneath.resume_reading()
        except (OSError, RuntimeError):  # it is gone already
            self._beneath.close()
            return
        self._timer = self._loop.call_later(LINGER_SECONDS, self._beneath.close)

    def lost(self) -> None:
        """The connection has ended."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()

    def has_unread(self) -> bool:
        """Has something arrived that was not read yet?"""
        try:
            count = fcntl.ioctl(self._beneath.get_extra_info("socket").fileno(), termios.FIONREAD, bytes(4))
        except OSError:
            return False
        return count != bytes(4)

    def is_closing(self) -> bool:
        """Was it closed?"""
        return self._closing or self._beneath.is_closing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send soon; nothing once it was closed.

        The head of an answer and its body come one after the other. Sent as one they cost the system half as much, and
        wake the client once.
        """
        if self._closing:
            return
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent.append(data)

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        if unsent and not self._beneath.is_closing():
            self._beneath.write(b"".join(unsent))

    def pause_reading(self) -> None:
        """Read nothing for a while; but once closed it is read to its end."""
        if not self.is_closing():
            self._beneath.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        if not self.is_closing():
            self._beneath.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's own signature
        """What the transport beneath knows."""
        return self._beneath.get_extra_info(name, default)
