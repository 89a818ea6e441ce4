"""A real Kamailio with its imc module on loopback, as an operator has it who is about to change to imcd."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import child

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
MODULES = sorted(pathlib.Path("/usr/lib").glob("*/kamailio/modules"))
SCRIPTS = pathlib.Path("/usr/share/kamailio")

CONFIG = """\
debug=1
log_stderror=yes
children=1
listen=udp:127.0.0.1:{port}
alias="{domain}"
auto_aliases=no
mpath="{modules}/"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "ctl.so"
loadmodule "{driver}.so"
loadmodule "imc.so"
modparam("ctl", "binrpc", "unix:{directory}/ctl")
modparam("imc", "db_url", "{url}")
modparam("imc", "outbound_proxy", "sip:{proxy}")
request_route {{
  if (!is_method("MESSAGE")) {{ sl_send_reply("200", "OK"); exit; }}
  if (imc_manager()) sl_send_reply("200", "OK");
  else sl_send_reply("404", "Not here");
  exit;
}}
"""


def lacks(driver):
    """Why it can't run here with this database driver; empty where it can."""
    if not shutil.which("kamailio", path=PATH):
        return "kamailio is not installed"
    if not MODULES or not (MODULES[0] / f"{driver}.so").exists():
        return f"Kamailio's {driver} is not installed"
    return ""


def script(folder, name):
    """One of the scripts that make Kamailio's tables."""
    return (SCRIPTS / folder / f"{name}-create.sql").read_text(encoding="utf-8")


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Kamailio:
    def __init__(self, scratch, driver, url, proxy, domain="example.org"):
        self.directory = scratch.path / "kamailio"
        self.directory.mkdir(exist_ok=True)
        port = free_port()
        self.server = ("127.0.0.1", port)
        config = self.directory / "kamailio.cfg"
        config.write_text(CONFIG.format(
            port=port, domain=domain, modules=MODULES[0], driver=driver, directory=self.directory, url=url,
            proxy=proxy,
        ), encoding="utf-8")
        with open(self.directory / "log", "ab") as log:
            self.process = child.start(
                [shutil.which("kamailio", path=PATH), "-f", str(config), "-DD", "-E", "-m", "32", "-M", "4",
                 "-Y", str(self.directory), "-P", str(self.directory / "pid")],
                # Its workers are in its group, so that they can be ended with it whatever became of it.
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )
        deadline = time.monotonic() + 30
        while self.ask("core.uptime").returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError("Kamailio does not come up:\n" + self.log())
            time.sleep(0.05)

    def log(self):
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")

    def end(self):
        """A proper end: the module writes its rooms then."""
        self.process.terminate()
        self.process.wait(30)

    def kill(self):
        """Whatever of it is still there."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(30)

    def ask(self, *command):
        return subprocess.run(
            [shutil.which("kamcmd", path=PATH), "-s", f"unix:{self.directory}/ctl", *command],
            capture_output=True, text=True, timeout=20, check=False,
        )

    def rooms(self):
        """Rooms by URI: the owner and the members."""
        rooms = {}
        listed = self.ask("imc.list_rooms").stdout
        for room in re.findall(r"room: (\S+)", listed):
            owner = re.search(rf"room: {re.escape(room)}\s.*?owner: (\S+)", listed, re.DOTALL)
            members = self.ask("imc.list_members", room).stdout
            rooms[room] = (owner[1] if owner else "", frozenset(re.findall(r"sip:[^\s@]+@[^\s,\]]+", members)) - {room})
        return rooms
