# SPDX-License-Identifier: GPL-3.0-or-later
"""Each row and each prompt says which process inside it was, and where it belongs."""

import json

from caisson_testing.attachment import Attachment
from caisson_testing.conditions import until
from caisson_testing.egress import ALLOW, ASK, EgressCase

URL = "http://plain.example.org"


class Who(EgressCase):
    policy = ALLOW

    def row(self, path):
        return self.untilLogged(path=path)[-1]

    def test_program_command_and_pid(self):
        script = "echo $$; exec curl -sS -o /dev/null -A 'an agent' " + URL + "/who"
        pid = int(self.box.shell(script).strip())
        process = self.row("/who")["process"]
        self.assertEqual((process["pid"], process["exe"]), (pid, "/usr/bin/curl"))
        self.assertEqual(process["cmdline"].split()[:4], ["curl", "-sS", "-o", "/dev/null"])
        self.assertIn("an agent", process["cmdline"])

    def test_the_chain_of_parents(self):
        inner = f"curl -s -o /dev/null {URL}/chain; true"
        self.box.shell(f"python3 -c \"import subprocess; subprocess.run(['bash', '-c', "
                       f"'{inner}'])\"; true")
        parents = [parent.get("exe", parent.get("name", "")) for parent in
                   self.row("/chain")["process"]["parents"]]
        words = " ".join(parents)
        self.assertIn("bash", words)
        self.assertIn("python3", words)
        self.assertLess(words.index("bash"), words.index("python3"))

    def test_the_terminal_it_is_in(self):
        terminal = self.box.openTerminal("sh", "-c",
                                         f"curl -s {URL}/terminal; echo END; exec cat")["id"]
        with Attachment(self.box, terminal) as attached:
            attached.expect(b"END")
        self.assertEqual(self.row("/terminal")["terminal"], terminal)
        self.box.shell(f"curl -s {URL}/no-terminal")
        row = self.row("/no-terminal")
        self.assertFalse(row.get("terminal"))
        self.assertTrue(row.get("exec"), row)

    def test_each_request_of_a_connection_and_each_protocol(self):
        self.box.shell(f"curl -sS -o /dev/null {URL}/1 -o /dev/null {URL}/2; "
                       "curl -sS -o /dev/null https://secure.example.org/hello")
        for path in ("/1", "/2", "/hello"):
            self.assertEqual(self.row(path)["process"]["exe"], "/usr/bin/curl")

    def test_both_families_and_other_users(self):
        for number, host in enumerate(("203.0.113.10", "[2001:db8::10]")):
            self.box.must("curl", "-sS", "-o", "/dev/null", f"http://{host}/family-{number}",
                          options=("--user", "dev"))
            self.assertEqual(self.row(f"/family-{number}")["process"]["exe"], "/usr/bin/curl")

    def test_an_inherited_socket_is_somebody_s(self):
        """The one who connected may be gone when it is asked; whoever holds the socket is named."""
        script = ("import os, socket\n"
                  "s = socket.create_connection(('plain.example.org', 80))\n"
                  "if os.fork() == 0:\n"
                  "    s.sendall(b'GET /inherited HTTP/1.1\\r\\nHost: "
                  "plain.example.org\\r\\n\\r\\n')\n"
                  "    print(s.recv(12).decode())\n"
                  "else:\n"
                  "    s.close(); os.wait()\n")
        self.inside(script)
        self.assertIn("python3", self.row("/inherited")["process"]["exe"])

    def test_hostile_names_are_only_text(self):
        script = ("import os; os.execv('/usr/bin/curl', ['\\x1b[31m\\x00'.replace(chr(0), '') + "
                  "'evil\\n',"
                  " '-sS', '-o', '/dev/null', '%s/hostile', '-H', 'X: ' + 'y' * 40000])") % URL
        self.box.exec("python3", "-c", script)
        process = self.row("/hostile")["process"]
        self.assertEqual(process["exe"], "/usr/bin/curl")
        self.assertLess(len(process["cmdline"]), 20000)
        table = self.home.must("egress", "log", self.box.name).out
        self.assertNotIn(b"\x1b[31m", table)

    def test_a_deleted_program(self):
        self.box.shell("cp /usr/bin/curl /root/mine; (sleep 0.5; exec true) & "
                       "/root/mine -sS -o /dev/null http://plain.example.org/mine")
        self.assertEqual(self.row("/mine")["process"]["exe"], "/root/mine")

    def test_refused_streams_too(self):
        self.setPolicy('default = "deny"\n')
        self.box.exec("python3", "-c", "import socket; s = socket.create_connection("
                                       "('x.example.org', 22), 5); s.recv(9)")
        row = self.untilLogged(host="x.example.org", port=22)[-1]
        self.assertEqual((row["verdict"], "python3" in row["process"]["exe"]), ("deny", True))

    def test_prompts_say_it_too(self):
        self.setPolicy(ASK)
        terminal = self.box.openTerminal("bash", "-c",
                                         f"curl -s {URL}/asked; echo END; exec cat")["id"]
        prompt = self.untilPrompt()
        self.assertEqual((prompt["process"]["exe"], prompt["terminal"]),
                         ("/usr/bin/curl", terminal))
        self.assertIn("bash", json.dumps(prompt["process"]["parents"]))
        self.answer(prompt, "deny")
        until(lambda: not self.prompts(), "its end")
