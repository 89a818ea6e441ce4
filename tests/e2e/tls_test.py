#!/usr/bin/env python3
"""TLS to a MariaDB server: what is asked for in db_url is what happens, or imcd says why not."""
import shutil
import signal
import unittest

import mariadb
from daemon import ImcdTest, run_imcd

# Each may come only over TLS, the second only with a certificate of its own.
USERS = """
CREATE USER 'safe'@'%' REQUIRE SSL; GRANT ALL ON imcd.* TO 'safe'@'%';
CREATE USER 'known'@'%' REQUIRE X509; GRANT ALL ON imcd.* TO 'known'@'%';
CREATE USER 'plain'@'%'; GRANT ALL ON imcd.* TO 'plain'@'%';
"""


@unittest.skipIf(mariadb.lacks(), mariadb.lacks())
@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class TlsTest(ImcdTest):
    def setUp(self):
        super().setUp()
        self.database = mariadb.MariaDb(self.scratch)
        self.addCleanup(lambda: self.database.end(signal.SIGKILL))
        self.database.execute(USERS)
        self.authority = mariadb.Authority(self.scratch.path / "authority")

    def serve(self, *options):
        """The server again, on a port."""
        self.database.end()
        self.database.start_on_a_port(*options)

    def serve_tls(self, name="localhost", alternatives="DNS:localhost,IP:127.0.0.1"):
        certificate, key = self.authority.sign(name, alternatives)
        self.serve(f"--ssl-ca={self.authority.certificate}", f"--ssl-cert={certificate}", f"--ssl-key={key}")

    def url(self, query, user="safe", host="127.0.0.1"):
        return f"mysql://{user}@{host}:{self.database.port}/imcd?{query}"

    def verified(self, authority=None):
        return f"tls=verified&tls_ca={(authority or self.authority).certificate}"

    def opens(self, url):
        """imcd makes its tables and stores a change."""
        self.start(f"--db_url={url}", "--db_required=1")
        alice = self.phone("alice")
        self.say(alice, "#create")
        self.hears(alice, "You made")
        self.ends_well()
        self.assertEqual(self.database.execute("SELECT username FROM imc_members"), [["alice"]])
        self.database.execute("DELETE FROM imc_members; DELETE FROM imc_rooms")

    def refused(self, url, *words):
        """imcd ends at once, says this, and has made nothing."""
        run = run_imcd(self.scratch, f"--db_url={url}", "--db_required=1", "--listen=udp:127.0.0.1:0")
        self.assertNotEqual(run.returncode, 0)
        for word in words:
            self.assertRegex(run.stderr, word)
        self.assertEqual(self.database.execute("SHOW TABLES"), [])
        return run.stderr

    def test_a_verified_server_is_used_over_tls(self):
        self.serve_tls()
        for host in ("127.0.0.1", "localhost"):
            with self.subTest(host=host):
                self.opens(self.url(self.verified(), host=host))
        # What makes the above a proof.
        self.database.execute("DROP TABLE imc_rooms, imc_members, imcd_users, imcd_invitations, imcd_blocks, imcd_instance, version")
        self.refused(self.url("tls=off"), "Access denied")

    def test_the_session_of_a_running_imcd_is_encrypted(self):
        self.serve_tls()
        self.database.end()
        key = self.authority.directory / "localhost"
        self.database.start_on_a_port("--performance-schema=ON", f"--ssl-cert={key}.pem", f"--ssl-key={key}.key")
        self.start(f"--db_url={self.url('tls=required', user='plain')}")
        cipher = self.database.execute(
            "SELECT s.variable_value FROM performance_schema.status_by_thread AS s JOIN performance_schema.threads AS t"
            " USING (thread_id) WHERE t.processlist_user = 'plain' AND s.variable_name = 'Ssl_cipher'")
        self.assertEqual(len(cipher), 1, cipher)
        self.assertRegex(cipher[0][0], "AES|CHACHA")

    def test_a_certificate_of_imcds_own_is_shown(self):
        self.serve_tls()
        certificate, key = self.authority.sign("imcd")
        own = f"&tls_cert={certificate}&tls_key={key}"
        self.refused(self.url(self.verified(), user="known"), "Access denied")
        self.opens(self.url(self.verified() + own, user="known"))

    def test_another_authority_is_refused(self):
        self.serve_tls()
        other = mariadb.Authority(self.scratch.path / "other")
        self.refused(self.url(self.verified(other)), "certificate verify failed|self.signed certificate")
        # Without one there are those of the system, and a server of one's own is not among them.
        self.refused(self.url("tls=verified"), "certificate")
        self.refused(self.url(f"tls=required&tls_ca={other.certificate}"), "certificate")
        # By itself `required` does not ask who answers.
        self.opens(self.url("tls=required"))

    def test_a_certificate_for_another_name_is_refused(self):
        self.serve_tls("db.example.org", "DNS:db.example.org")
        self.refused(self.url(self.verified()), "(?i)certificate|host")
        self.opens(self.url(f"tls=required&tls_ca={self.authority.certificate}"))

    def test_a_server_without_tls_is_refused_where_it_is_demanded(self):
        self.serve("--skip-ssl")
        for query in ("tls=required", self.verified()):
            with self.subTest(query=query):
                self.refused(self.url(query, user="plain"), "TLS|SSL")
        self.opens(self.url("tls=off", user="plain"))

    def test_a_missing_file_is_named(self):
        self.serve_tls()
        missing = self.scratch.path / "no-such.pem"
        self.refused(self.url(f"tls=verified&tls_ca={missing}"), str(missing))


if __name__ == "__main__":
    unittest.main()
