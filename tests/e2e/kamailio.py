"""A real Kamailio on loopback: with its imc module, as an operator has it who is about to change to imcd, and as the
proxy beside imcd, with the recipe of docs/OPERATING.md."""
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

PROXY_CONFIG = """\
debug=1
log_stderror=yes
children=2
tcp_children=2
tcp_rd_buf_size=70000
listen=udp:127.0.0.1:{port}
listen=tcp:127.0.0.1:{port}
alias="example.org"
auto_aliases=no
mpath="{modules}/"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "ctl.so"
modparam("ctl", "binrpc", "unix:{directory}/ctl")
modparam("usrloc", "db_mode", 0)
{recipe}
"""
OPERATING = pathlib.Path(__file__).resolve().parents[2] / "docs/OPERATING.md"
# What stands for those lines of the recipe that are an operator's own. Whoever says the word is authenticated.
PASSWORD = ("X-Test-Password", "please")
OWN_PARTS = {
    "# ... sanity checks, REGISTER and so on ...":
        'if (is_method("REGISTER")) { save("location"); exit; }',
    "# ... authenticate the sender; $fU must be who he proved to be ...":
        'if (!is_present_hf("X-Test-Password")) { sl_send_reply("407", "Proxy Authentication Required"); exit; }\n'
        '        remove_hf("X-Test-Password");',
}


def documented(first_line):
    """The block of code in docs/OPERATING.md that begins so; of several the first."""
    page = OPERATING.read_text(encoding="utf-8")
    block = page[page.index(f"\n    {first_line}\n") + 1:]
    return re.match(r"(?:    .*\n|\n)+", block)[0]


def documented_recipe():
    """The recipe as it is printed, with an operator's own parts filled in."""
    recipe = documented("request_route {")
    for placeholder, own in OWN_PARTS.items():
        assert placeholder in recipe, placeholder
        recipe = recipe.replace(placeholder, own)
    return recipe


def lacks(driver=None):
    """Why it can't run here with this database driver; empty where it can."""
    if not shutil.which("kamailio", path=PATH):
        return "kamailio is not installed"
    if driver and (not MODULES or not (MODULES[0] / f"{driver}.so").exists()):
        return f"Kamailio's {driver} is not installed"
    return ""


def script(folder, name):
    """One of the scripts that make Kamailio's tables."""
    return (SCRIPTS / folder / f"{name}-create.sql").read_text(encoding="utf-8")


def free_port(host="127.0.0.1"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


class Running:
    """A running Kamailio with this configuration, whose gaps are filled in."""

    def __init__(self, scratch, text, **gaps):
        self.directory = scratch.path / "kamailio"
        self.directory.mkdir(exist_ok=True)
        port = free_port()
        self.server = ("127.0.0.1", port)
        config = self.directory / "kamailio.cfg"
        config.write_text(text.format(port=port, modules=MODULES[0], directory=self.directory, **gaps),
                          encoding="utf-8")
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


class Kamailio(Running):
    """With its imc module."""

    def __init__(self, scratch, driver, url, proxy, domain="example.org"):
        super().__init__(scratch, CONFIG, driver=driver, url=url, proxy=proxy, domain=domain)

    def rooms(self):
        """Rooms by URI: the owner and the members."""
        rooms = {}
        listed = self.ask("imc.list_rooms").stdout
        for room in re.findall(r"room: (\S+)", listed):
            owner = re.search(rf"room: {re.escape(room)}\s.*?owner: (\S+)", listed, re.DOTALL)
            members = self.ask("imc.list_members", room).stdout
            rooms[room] = (owner[1] if owner else "", frozenset(re.findall(r"sip:[^\s@]+@[^\s,\]]+", members)) - {room})
        return rooms
