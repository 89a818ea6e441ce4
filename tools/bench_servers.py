"""The servers that tools/bench measures: imcd, and Debian's Kamailio with its imc module."""
import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    """A UDP port that is free now; the server must know its proxy's before the tool opens it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Imcd:
    """A running imcd with a scratch directory that goes with it."""

    def __init__(self, binary, proxy_port, options, tcp=False):
        self.pattern = r"imcd ready:.* tcp:(\S+)" if tcp else r"imcd ready: udp:(\S+)"
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="imc-bench-"))
        self.log_path = self.scratch / "log"
        environment = dict(os.environ, STATE_DIRECTORY=str(self.scratch), RUNTIME_DIRECTORY=str(self.scratch))
        command = [
            str(binary), "--listen=udp:127.0.0.1:0", "--listen=tcp:127.0.0.1:0",
            "--room_names=*", f"--outbound_proxy=127.0.0.1:{proxy_port};transport={'tcp' if tcp else 'udp'}",
            f"--mi_reply_dir={self.scratch}",
            # One room and one user send here what a houseful of them would.
            "--room_rate=0", "--user_rate=0",
            *options,
        ]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=die_with_parent,
            )

    def address(self):
        """Where it listens, once it serves."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := re.search(self.pattern, self.log_path.read_text()):
                return found.group(1)
            time.sleep(0.02)
        sys.exit("imcd does not serve:\n" + self.log_path.read_text())

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)


KAMAILIO_MODULES = "/usr/lib/x86_64-linux-gnu/kamailio/modules/"
KAMAILIO_TABLES = pathlib.Path("/usr/share/kamailio/db_sqlite")

# Two workers for two cores, memory that holds a finished transaction for as long as it does, and room for a whole
# fan-out in the queue of a connection, without which it closes the connection.
KAMAILIO_CONFIGURATION = """#!KAMAILIO
debug=-1
log_stderror=yes
children=2
tcp_children=2
tcp_conn_wq_max=67108864
tcp_wq_max=268435456
auto_aliases=no
listen=udp:127.0.0.1:{port}
listen=tcp:127.0.0.1:{port}
mpath="{modules}"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "pv.so"
loadmodule "db_sqlite.so"
loadmodule "imc.so"
modparam("imc", "db_url", "sqlite:///{database}")
modparam("imc", "outbound_proxy", "sip:127.0.0.1:{proxy_port};transport={transport}")
request_route {{
  if (method == "MESSAGE") {{
    if (imc_manager()) sl_send_reply("200", "OK");
    else sl_send_reply("500", "Command Error");
    exit;
  }}
  sl_send_reply("405", "Method Not Allowed");
}}
"""


class Kamailio:
    """A running Kamailio whose imc module delivers through the tool, as imcd does."""

    def __init__(self, proxy_port, tcp=False):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="imc-bench-"))
        self.log_path = self.scratch / "log"
        self.port = free_port()
        database = self.scratch / "imc.db"
        connection = sqlite3.connect(database)
        for script in ("standard-create.sql", "imc-create.sql"):
            connection.executescript((KAMAILIO_TABLES / script).read_text())
        connection.close()
        configuration = self.scratch / "kamailio.cfg"
        configuration.write_text(KAMAILIO_CONFIGURATION.format(
            port=self.port, proxy_port=proxy_port, transport="tcp" if tcp else "udp", database=database, modules=KAMAILIO_MODULES))
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                ["kamailio", "-f", str(configuration), "-DD", "-E", "-m", "8192", "-M", "64",
                 "-P", str(self.scratch / "pid"), "-Y", str(self.scratch)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent,
            )

    def address(self):
        """Where it listens, once it answers."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("127.0.0.1", self.port))
            probe.settimeout(0.2)
            request = ("OPTIONS sip:probe@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {0}:{1};branch=z9hG4bKprobe\r\n"
                       "From: <sip:probe@127.0.0.1>;tag=1\r\nTo: <sip:probe@127.0.0.1>\r\nCall-ID: probe\r\n"
                       "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
                       ).format(*probe.getsockname()).encode()
            for _ in range(100):
                try:
                    probe.send(request)
                    probe.recv(4096)
                    return f"127.0.0.1:{self.port}"
                except OSError:
                    if self.process.poll() is not None:
                        break
                    time.sleep(0.05)
        sys.exit("Kamailio does not serve:\n" + self.log_path.read_text())

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)
