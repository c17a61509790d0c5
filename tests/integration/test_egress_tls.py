# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS is opened with leaves of the sandbox's own authority, which every usual client trusts with
nothing to do; what is not to be trusted outside is not to be trusted inside."""

import json
import shutil
import ssl
import subprocess

from caisson_testing.attachment import Attachment
from caisson_testing.egress import DENY, EgressCase, rule

POLICY = DENY + "".join(rule(id=word, host=f"{word}.example.org") for word in (
    "echo", "secure", "h2", "expired", "selfsigned", "wrongname", "unknownca", "notls")) \
    + rule(id="tunnelled", host="other.example.net", action="tunnel")


class Clients(EgressCase):
    policy = POLICY

    def needs(self, program):
        if not shutil.which(program):
            self.skipTest(f"{program} is not installed here")

    def test_curl(self):
        self.assertEqual(self.curl("https://echo.example.org/hello").body, b"hello from echo\n")
        self.assertEqual(self.curl("https://secure.example.org/hello").body, b"hello from nginx\n")

    def test_a_session_is_of_one_name(self):
        script = ("import socket, ssl, sys\n"
                  "def talk(name, session=None):\n"
                  "    with socket.create_connection((name, 443), 5) as tcp:\n"
                  "        with c.wrap_socket(tcp, server_hostname=name, session=session) as tls:\n"
                  "            tls.sendall(b'HEAD / HTTP/1.1\\r\\nHost: %s\\r\\n\\r\\n' "
                  "% name.encode())\n"
                  "            tls.recv(9999)\n"
                  "            names = [v for _, v in (tls.getpeercert() or {}).get("
                  "'subjectAltName', ())]\n"
                  "            return tls.session, tls.session_reused, name in names\n"
                  "for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:\n"
                  "    c = ssl.create_default_context()\n"
                  "    c.minimum_version = c.maximum_version = version\n"
                  "    session = talk('echo.example.org')[0]\n"
                  "    print(talk('echo.example.org', session)[1:], "
                  "talk('secure.example.org', session)[1:])\n")
        self.assertEqual(self.inside(script).splitlines(), ["(True, True) (False, True)"] * 2)

    def test_git_clones_and_pushes(self):
        script = ("cd /root && rm -rf clone && git clone -q "
                  "https://echo.example.org/git/project.git clone"
                  " && cat clone/readme && cd clone && git config user.name A"
                  " && git config user.email a@example.org && git commit -q --allow-empty -m more"
                  " && git push -q origin HEAD:refs/heads/from-inside && git ls-remote origin")
        said = self.box.shell(script)
        self.assertIn("a repository of the small internet", said)
        self.assertIn("refs/heads/from-inside", said)

    def test_python(self):
        script = ("import urllib.request; print(urllib.request.urlopen("
                  "'https://echo.example.org/hello').read().decode())")
        self.assertEqual(self.inside(script), "hello from echo")

    def test_python_packages(self):
        for module, script in (("requests", "print(requests.get(U).text)"),
                               ("httpx", "print(httpx.get(U).text)")):
            with self.subTest(module=module):
                done = self.box.exec("python3", "-c", f"import {module}; "
                                     "U = 'https://echo.example.org/hello'; " + script)
                if b"ModuleNotFoundError" in done.err:
                    self.skipTest(f"Python's {module} is not installed here")
                self.assertEqual(done.out.strip(), b"hello from echo")

    def test_node(self):
        self.needs("node")
        fetch = ("fetch('https://echo.example.org/hello').then(r => r.text())"
                 ".then(t => console.log(t))")
        https = ("require('https').get('https://echo.example.org/hello', r => "
                 "r.on('data', d => console.log(d.toString())))")
        for script in (fetch, https):
            self.assertEqual(self.box.must("node", "-e", script).strip(), b"hello from echo")

    def test_npm(self):
        self.needs("npm")
        said = self.box.shell("mkdir -p /root/n && cd /root/n && npm install --silent --no-audit "
                              "--no-fund --registry https://echo.example.org/npm/ tiny && "
                              "node -e \"console.log(require('tiny'))\"")
        self.assertEqual(said.strip(), "42")

    def test_openssl(self):
        self.needs("openssl")
        done = self.box.exec("sh", "-c", "printf 'GET /hello HTTP/1.1\\r\\nHost: "
                                         "echo.example.org\\r\\n"
                             "Connection: close\\r\\n\\r\\n' | openssl s_client -quiet "
                             "-verify_return_error"
                             " -servername echo.example.org -connect echo.example.org:443")
        self.assertIn(b"hello from echo", done.out)
        self.assertIn(b"verify return:1", done.err)

    def test_java_or_go(self):
        """Clients with a trust of their own, and with none of OpenSSL's. Go builds its library for a
        minute before it runs anything: it has its turn where there is no Java."""
        if shutil.which("java"):
            self.box.put("/root/Get.java", b"class Get { public static void main(String[] a) throws "
                         b"Exception { System.out.print(new String(new "
                         b"java.net.URL(a[0]).openStream().readAllBytes())); } }")
            done = self.box.exec("java", "/root/Get.java", "https://echo.example.org/hello")
            if b"compiler" not in done.err:  # a runtime without one runs no source
                self.assertEqual(done.out, b"hello from echo\n", done.err)
                return
        if not shutil.which("go"):
            self.skipTest("neither a JDK nor Go is installed here; the package openjdk-21-jdk-headless "
                          "or golang-go would do")
        self.box.put("/root/get.go", b'package main\nimport ("io"; "net/http"; "os")\nfunc main() {'
                     b' r, e := http.Get(os.Args[1]); if e != nil { panic(e) }; io.Copy(os.Stdout, '
                     b'r.Body) }')
        self.assertEqual(self.box.must("go", "run", "/root/get.go",
                                       "https://echo.example.org/hello"),
                         b"hello from echo\n")

    def test_the_usual_variables_name_bundles_that_are_there(self):
        names = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
                 "GIT_SSL_CAINFO", "PIP_CERT", "CARGO_HTTP_CAINFO", "AWS_CA_BUNDLE", "DENO_CERT")
        script = "; ".join(f'test -r "${name}" && grep -q BEGIN "${name}" || echo {name}'
                           for name in names)
        self.assertEqual(self.box.shell(script).split(), [])

    def test_in_a_terminal_and_as_another_user_too(self):
        done = self.box.must("curl", "-sS", "https://echo.example.org/hello",
                             options=("--user", "dev"))
        self.assertEqual(done, b"hello from echo\n")
        terminal = self.box.openTerminal("sh", "-c", "curl -sS https://echo.example.org/hello; "
                                         "echo END; exec cat")["id"]
        with Attachment(self.box, terminal) as attached:
            self.assertIn(b"hello from echo", attached.expect(b"END"))


LEAF = """
import json, socket, ssl, sys
c = ssl.create_default_context()
s = c.wrap_socket(socket.create_connection((sys.argv[1], 443), 10), server_hostname=sys.argv[1])
der = s.getpeercert(True)
print(json.dumps([s.getpeercert()["subjectAltName"], s.getpeercert()["issuer"], s.version(),
                  ssl.DER_cert_to_PEM_cert(der)]))
"""


class Authority(EgressCase):
    policy = POLICY

    def test_the_leaf_is_the_sandbox_s(self):
        names, issuer, version, pem = json.loads(self.inside(LEAF, "echo.example.org"))
        self.assertEqual(names, [["DNS", "echo.example.org"]])
        self.assertEqual(version, "TLSv1.3")
        self.assertNotIn("caisson test authority", json.dumps(issuer))
        # Another sandbox's authority is another.
        other = self.newBox("other", POLICY)
        again = json.loads(self.inside(LEAF, "echo.example.org", box=other))[3]
        self.assertNotEqual(pem, again)
        with self.assertRaises(ssl.SSLError):
            context = ssl.create_default_context(cadata=pem)
            context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="x").do_handshake()
        bundle = other.must("sh", "-c", "cat $SSL_CERT_FILE")
        self.assertEqual(self.box.put("/root/other.pem", bundle).status // 100, 2)
        # Debian's curl looks into its folder of authorities beside the file.
        self.assertEqual(self.curl("--cacert", "/root/other.pem", "--capath", "/none",
                                   "https://echo.example.org/hello").code, 60)
        self.home.must("rm", "other")

    def test_its_key_is_nowhere(self):
        self.assertEqual(self.curl("https://echo.example.org/hello").status, 200)
        inside = self.box.shell("grep -rlI -e '^-----BEGIN.*PRIVATE KEY' /etc/ssl /usr/local/share/ca-certificates "
                                "/etc/ca-certificates /root /run /tmp /var 2>/dev/null; true")
        self.assertEqual(inside, "")
        outside = subprocess.run(["grep", "-rlI", "-e", "^-----BEGIN.*PRIVATE KEY",
                                  self.home.path],
                                 capture_output=True)
        self.assertEqual(outside.stdout, b"")

    def test_bad_certificates_give_a_page_that_says_so(self):
        for word, why in (("expired", "expired"), ("selfsigned", "self"),
                          ("wrongname", "name|host"),
                          ("unknownca", "issuer|unknown|self|trust"), ("notls", "TLS|SSL")):
            with self.subTest(origin=word):
                got = self.curl(f"https://{word}.example.org/secret-path")
                self.assertEqual((got.code, got.status), (0, 502), got)
                self.assertRegex(got.json()["why"], f"(?i){why}")
                self.assertEqual(self.internet.requests(), [])
                self.assertNotIn("secret-path", self.internet.raw())

    def test_insecure_changes_nothing(self):
        got = self.curl("-k", "https://expired.example.org/secret-path")
        self.assertEqual(got.status, 502)
        self.assertNotIn("secret-path", self.internet.raw())

    def test_a_tunnel_is_not_opened(self):
        got = self.curl("--cacert", "/dev/null", "https://other.example.net/hello")
        self.assertNotEqual(got.code, 0)
        trusted = (self.internet.folder / "ca.crt").read_bytes()
        self.box.put("/root/ca.pem", trusted)
        got = self.curl("--cacert", "/root/ca.pem", "--capath", "/none",
                        "https://other.example.net/hello")
        self.assertEqual(got.body, b"hello from other\n", got.err)
        row = self.untilLogged(host="other.example.net", verdict="tunnel")[-1]
        self.assertEqual((row["rule"], row["path"], row["method"]), ("tunnelled", "", ""))

    def test_a_client_that_pins_is_named(self):
        self.box.put("/root/ca.pem", (self.internet.folder / "ca.crt").read_bytes())
        got = self.curl("--cacert", "/root/ca.pem", "--capath", "/none",
                        "https://echo.example.org/hello")
        self.assertEqual(got.code, 60)
        row = self.untilLogged(host="echo.example.org", flag="pinned")[-1]
        self.assertEqual(row["scheme"], "tls")

    def test_a_client_that_pins_after_the_handshake_is_named(self):
        got = self.curl("--pinnedpubkey", "sha256//" + "A" * 43 + "=",
                        "https://echo.example.org/hello")
        self.assertEqual(got.code, 90)
        row = self.untilLogged(host="echo.example.org", flag="pinned")[-1]
        self.assertEqual((row["scheme"], row["rule"]), ("tls", "default"))
        self.assertIn("without a word", row["why"])

    def test_old_versions_of_tls_are_refused(self):
        got = self.curl("--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0",
                        "https://echo.example.org/hello")
        self.assertNotEqual(got.code, 0)
        self.assertEqual(self.curl("--tls-max", "1.2", "https://echo.example.org/hello").status,
                         200)

    def test_a_certificate_for_a_number(self):
        self.setPolicy(POLICY + rule(cidr="203.0.113.12/32") + rule(cidr="2001:db8::12/128"))
        for host in ("203.0.113.12", "[2001:db8::12]"):
            got = self.curl(f"https://{host}/hello")
            self.assertEqual(got.body, b"hello from echo\n", got)
