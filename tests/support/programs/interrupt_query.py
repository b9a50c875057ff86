"""Run `llm-stats sql` and send SIGINT to this process while the query runs.

The signal is sent after 0.2 seconds of CPU time, not of elapsed time, because on a busy machine the
query might not have begun by then.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import FrameType

from llm_stats.cli import main as cli


def is_querying() -> bool:
    """Return whether the main thread executes the user's query."""
    frame: FrameType | None = sys._current_frames()[threading.main_thread().ident or 0]
    while frame and frame.f_code.co_name != "execute_user_query":
        frame = frame.f_back
    return frame is not None


def press_ctrl_c() -> None:
    while not is_querying():
        time.sleep(0.01)
    began = time.process_time()
    while time.process_time() < began + 0.2:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


threading.Thread(target=press_ctrl_c, daemon=True).start()
cli.main()
