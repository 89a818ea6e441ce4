"""Starts programs that do not outlive the test, however the test ends."""
import ctypes
import signal
import subprocess

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


def start(command, **how):
    """A Popen whose process gets SIGKILL when the test is gone."""
    return subprocess.Popen(
        command, preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL), **how
    )
