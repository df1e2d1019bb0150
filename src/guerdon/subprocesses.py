"""Child processes that do not outlive their parent."""

import ctypes
import signal
import sys
import threading
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def die_with_parent(sent: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: on Linux, the new process gets this signal when its parent dies, however that happens.

    Linux takes the thread that starts a process for its parent, so only the main thread can promise this.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, sent)
