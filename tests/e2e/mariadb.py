"""A MariaDB server of a test's own: files, socket and log in its scratch directory. It listens on no port, unless it is
started with a certificate for TLS: then on one of 127.0.0.1.
"""
import os
import shutil
import signal
import socket
import subprocess
import time

import child

PROGRAMS = ("mariadbd", "mariadb-install-db", "mariadb")
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def lacks():
    """Why there can be no server here; empty where there can."""
    missing = [name for name in PROGRAMS if not shutil.which(name, path=PATH)]
    return f"{' and '.join(missing)} not installed (Debian's mariadb-server)" if missing else ""


class Authority:
    """A certificate authority of a test's own, by openssl; its files are in the scratch directory."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        self.certificate = directory / "ca.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                     "-subj", f"/CN=authority {directory.name}", "-keyout", "ca.key", "-out", "ca.pem")

    def openssl(self, *words):
        done = subprocess.run(["openssl", *words], cwd=self.directory, capture_output=True, text=True, timeout=60,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(f"openssl {' '.join(words)}: {done.stderr}")

    def sign(self, name, alternatives=""):
        """A certificate for the name and, as openssl writes them, others; the paths of it and of its key."""
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", f"{name}.key", "-out", f"{name}.csr")
        extensions = self.directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternatives}\n" if alternatives else "")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                     "-days", "2", "-extfile", extensions.name, "-out", f"{name}.pem")
        return self.directory / f"{name}.pem", self.directory / f"{name}.key"


class MariaDb:
    def __init__(self, scratch, database="imcd"):
        self.scratch = scratch.path / "mariadb"
        self.scratch.mkdir()
        self.database = database
        self.socket = self.scratch / "socket"
        self.process = None
        self.port = 0
        made = subprocess.run(
            [shutil.which("mariadb-install-db", path=PATH), "--no-defaults", f"--datadir={self.scratch / 'data'}",
             "--skip-test-db", "--user=root", "--auth-root-authentication-method=normal"],
            env=self.environment(), capture_output=True, text=True, timeout=120, check=False,
        )
        if made.returncode != 0:
            raise AssertionError(f"mariadb-install-db: {made.stdout}{made.stderr}")
        self.start()
        self.execute(f"CREATE DATABASE {database}", database="")

    def environment(self):
        """Temporary files are its own too: another server's of the same name would be deleted as its leftovers."""
        return dict(os.environ, TMPDIR=str(self.scratch))

    def start_on_a_port(self, *options):
        """Once ended, on 127.0.0.1 as well; `port` is its number."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start("--skip-networking=0", "--bind-address=127.0.0.1", f"--port={self.port}", *options)

    def start(self, *options):
        log = open(self.scratch / "log", "ab")
        self.process = child.start(
            [shutil.which("mariadbd", path=PATH), "--no-defaults", "--user=root", "--skip-networking",
             f"--datadir={self.scratch / 'data'}", f"--socket={self.socket}", "--innodb-buffer-pool-size=32M",
             *options],
            env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
        log.close()
        deadline = time.monotonic() + 60
        while self.run("SELECT 1", database="").returncode != 0:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError("mariadbd does not come up:\n" + (self.scratch / "log").read_text())
            time.sleep(0.05)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(60)

    @property
    def url(self):
        """For imcd's db_url."""
        return f"mysql://root@localhost/{self.database}?socket={self.socket}"

    def run(self, sql, database=None, charset="utf8mb4"):
        return subprocess.run(
            [shutil.which("mariadb", path=PATH), "--no-defaults", f"--socket={self.socket}", "--user=root",
             "--batch", "--raw", "--skip-column-names", f"--default-character-set={charset}",
             self.database if database is None else database],
            input=sql.encode(), capture_output=True, timeout=60, check=False,
        )

    def execute(self, sql, **how):
        """Executes the statements; the rows as lists of text."""
        done = self.run(sql, **how)
        if done.returncode != 0:
            raise AssertionError(f"{sql}: {done.stderr.decode()}")
        return [line.split("\t") for line in done.stdout.decode().splitlines()]
