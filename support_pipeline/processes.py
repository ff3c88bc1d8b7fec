"""What the system is asked about processes; light, since every child asks it at its start."""

import ctypes
import signal
import sys


def tie_to_parent() -> None:
    """Has the system kill this process when its parent thread ends (Linux; elsewhere nothing happens)."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
