# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that two readers would cut at different places: a 400, and never two requests at the
origin. The origin is lenient on purpose, and keeps every byte."""

from caisson_testing.egress import DENY, EgressCase, rule

HOST = "Host: plain.example.org\r\n"
HIDDEN = "GET /hidden HTTP/1.1\r\nHost: plain.example.org\r\n\r\n"
CHUNKED_HIDDEN = "0\r\n\r\n" + HIDDEN

LENGTHS = {
    "two lengths": f"Content-Length: 0\r\nContent-Length: {len(HIDDEN)}\r\n",
    "two equal lengths": f"Content-Length: {len(HIDDEN)}\r\nContent-Length: {len(HIDDEN)}\r\n",
    "a list of lengths": f"Content-Length: {len(HIDDEN)}, {len(HIDDEN)}\r\n",
    "a list that differs": f"Content-Length: 0, {len(HIDDEN)}\r\n",
    "a signed length": f"Content-Length: +{len(HIDDEN)}\r\n",
    "a negative length": "Content-Length: -1\r\n",
    "a length of hexadecimal": "Content-Length: 0x10\r\n",
    "a length with a space": "Content-Length: 1 0\r\n",
    "an empty length": "Content-Length: \r\n",
    "a length with a point": "Content-Length: 5.0\r\n",
    "a huge length": "Content-Length: 18446744073709551617\r\n",
    "a length and a space before the colon": f"Content-Length : {len(HIDDEN)}\r\n",
    "a length with a tab before the colon": f"Content-Length\t: {len(HIDDEN)}\r\n",
    "an underscore": f"Content_Length: {len(HIDDEN)}\r\nTransfer_Encoding: "
                     f"chunked\r\nContent-Length: x\r\n",
    "a vertical tab": "Content-Length: \x0b5\r\n",
}

ENCODINGS = {
    "length and chunked": f"Content-Length: {len(CHUNKED_HIDDEN)}\r\nTransfer-Encoding: "
                          f"chunked\r\n",
    "chunked and length": f"Transfer-Encoding: chunked\r\nContent-Length: "
                          f"{len(CHUNKED_HIDDEN)}\r\n",
    "identity": "Transfer-Encoding: identity\r\n",
    "chunked and identity": "Transfer-Encoding: chunked, identity\r\n",
    "chunked twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "chunked in a list twice": "Transfer-Encoding: chunked, chunked\r\n",
    "xchunked": "Transfer-Encoding: xchunked\r\n",
    "gzip, chunked": "Transfer-Encoding: gzip, chunked\r\n",
    "a space before the colon": "Transfer-Encoding : chunked\r\n",
    "a leading space": " Transfer-Encoding: chunked\r\n",
    "a vertical tab": "Transfer-Encoding: \x0bchunked\r\n",
    "a form feed": "Transfer-Encoding:\x0cchunked\r\n",
    "quoted": 'Transfer-Encoding: "chunked"\r\n',
    "folded": "Transfer-Encoding:\r\n chunked\r\n",
    "folded by a tab": "Transfer-Encoding:\r\n\tchunked\r\n",
    "behind a bare LF": "X: y\nTransfer-Encoding: chunked\r\n",
    "behind a bare CR": "X: y\rTransfer-Encoding: chunked\r\n",
    "behind a NUL": "X: y\0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "a parameter": "Transfer-Encoding: chunked;q=1\r\n",
    "empty": "Transfer-Encoding: \r\n",
    "a comma first": "Transfer-Encoding: , chunked\r\nContent-Length: 3\r\n",
    "in HTTP/1.0": None,
}

CHUNKS = {
    "an extension of bare LF": "5;a\nb\r\nhello\r\n" + CHUNKED_HIDDEN,
    "a bare LF for the size": "5\nhello\r\n" + CHUNKED_HIDDEN,
    "a bare LF after the data": "5\r\nhello\n" + CHUNKED_HIDDEN,
    "a bare CR": "5\rhello\r\n" + CHUNKED_HIDDEN,
    "0x": "0x5\r\nhello\r\n" + CHUNKED_HIDDEN,
    "a sign": "+5\r\nhello\r\n" + CHUNKED_HIDDEN,
    "a negative size": "-5\r\nhello\r\n" + CHUNKED_HIDDEN,
    "a space first": " 5\r\nhello\r\n" + CHUNKED_HIDDEN,
    "an underscore": "1_0\r\n" + "h" * 16 + "\r\n" + CHUNKED_HIDDEN,
    "a size that overflows": "10000000000000005\r\nhello\r\n" + CHUNKED_HIDDEN,
    "no size": "\r\nhello\r\n" + CHUNKED_HIDDEN,
    "two bytes too many": "5\r\nhelloXY\r\n" + CHUNKED_HIDDEN,
    "data right after the last": "0\r\nGET /hidden HTTP/1.1\r\nHost: plain.example.org\r\n\r\n",
    "a trailer without colon": "0\r\nnonsense\r\n\r\n" + HIDDEN,
    "a trailer of framing": "0\r\nContent-Length: 5\r\n\r\n" + HIDDEN,
}

HEADS = {
    "a bare LF ends the line": "GET /outer HTTP/1.1\nHost: plain.example.org\n\n",
    "a bare LF ends one field": "GET /outer HTTP/1.1\r\n" + HOST + "X: y\nGET /hidden "
                                                                   "HTTP/1.1\r\n\r\n",
    "a bare CR in a field": "GET /outer HTTP/1.1\r\n" + HOST + "X: y\rHost: "
                                                               "evil.example.net\r\n\r\n",
    "a folded line": "GET /outer HTTP/1.1\r\n" + HOST + "X: y\r\n z\r\n\r\n",
    "a folded host": "GET /outer HTTP/1.1\r\nHost:\r\n plain.example.org\r\n\r\n",
    "a NUL in a field": "GET /outer HTTP/1.1\r\n" + HOST + "X: y\0z\r\n\r\n",
    "a NUL in a name": "GET /outer HTTP/1.1\r\n" + HOST + "X\0: y\r\n\r\n",
    "a space in a name": "GET /outer HTTP/1.1\r\n" + HOST + "X Y: z\r\n\r\n",
    "no colon": "GET /outer HTTP/1.1\r\n" + HOST + "nonsense\r\n\r\n",
    "an empty name": "GET /outer HTTP/1.1\r\n" + HOST + ": y\r\n\r\n",
    "two spaces in the line": "GET  /outer HTTP/1.1\r\n" + HOST + "\r\n",
    "a tab in the line": "GET\t/outer HTTP/1.1\r\n" + HOST + "\r\n",
    "a space in the target": "GET /out er HTTP/1.1\r\n" + HOST + "\r\n",
    "no version": "GET /outer\r\n" + HOST + "\r\n",
    "HTTP/0.9": "GET /outer\r\n\r\n",
    "HTTP/1.2": "GET /outer HTTP/1.2\r\n" + HOST + "\r\n",
    "HTTP/2.0": "GET /outer HTTP/2.0\r\n" + HOST + "\r\n",
    "http/1.1 small": "GET /outer http/1.1\r\n" + HOST + "\r\n",
    "HTTP/1.10": "GET /outer HTTP/1.10\r\n" + HOST + "\r\n",
    "a method that is no token": "G@T /outer HTTP/1.1\r\n" + HOST + "\r\n",
    "a huge head": "GET /outer HTTP/1.1\r\n" + HOST + "X: " + "y" * (2 << 20) + "\r\n\r\n",
    "many fields": "GET /outer HTTP/1.1\r\n" + HOST + "X: y\r\n" * 50000 + "\r\n",
    "a long line": "GET /" + "x" * (2 << 20) + " HTTP/1.1\r\n" + HOST + "\r\n",
    "a byte over 127 in a name": "GET /outer HTTP/1.1\r\n" + HOST + "X\xe4: y\r\n\r\n",
}


class Smuggling(EgressCase):
    policy = DENY + rule("deny", id="closed", host="plain.example.org", path="/closed/**") \
        + rule(id="plain", host="plain.example.org") + rule(id="echo", host="echo.example.org")

    def check(self, name, text):
        """Refused, and nothing of what was hidden has become a request."""
        with self.subTest(case=name):
            self.internet.clear()
            said = self.raw(text, "plain.example.org", patience=1.5)
            answers = said.count(b"HTTP/1.1 ")
            self.assertEqual(said[:13].split(b" ")[1:2], [b"400"], said[:200])
            self.assertEqual(answers, 1, said[:600])
            self.assertNotIn("hidden", self.internet.raw())
            self.assertEqual([seen["target"] for seen in self.internet.requests()
                              if seen["target"] != "/outer"], [])

    def test_lengths(self):
        for name, lines in LENGTHS.items():
            self.check(name, f"POST /outer HTTP/1.1\r\n{HOST}{lines}\r\n{HIDDEN}")

    def test_encodings(self):
        for name, lines in ENCODINGS.items():
            version, lines = ("1.0", "Transfer-Encoding: chunked\r\n") if lines is None else ("1.1",
                                                                                              lines)
            self.check(name, f"POST /outer HTTP/{version}\r\n{HOST}{lines}\r\n{CHUNKED_HIDDEN}")

    def test_chunks(self):
        """The head was fine and has gone upstream: the body must break the request off there."""
        for name, body in CHUNKS.items():
            with self.subTest(case=name):
                self.internet.clear()
                said = self.raw(f"POST /outer HTTP/1.1\r\n{HOST}Transfer-Encoding: "
                                f"chunked\r\n\r\n{body}",
                                "plain.example.org", patience=1.5)
                self.assertNotIn(b"HTTP/1.1 200", said)
                self.assertNotIn("/hidden", [seen["target"] for seen in self.internet.requests()])
                whole = [seen for seen in self.internet.requests() if seen.get("digest")]
                self.assertEqual(whole, [])

    def test_heads(self):
        for name, text in HEADS.items():
            with self.subTest(case=name):
                self.internet.clear()
                said = self.raw(text, "plain.example.org", patience=1.5)
                words = said[:13].split(b" ")[1:2]
                self.assertTrue(words == [] or words[0] in (b"400", b"414", b"431", b"505"),
                                said[:200])
                self.assertEqual(self.internet.requests(), [])

    def test_a_get_with_a_body_is_one_request(self):
        said = self.raw(f"GET /outer HTTP/1.1\r\n{HOST}Content-Length: "
                        f"{len(HIDDEN)}\r\nConnection: close\r\n\r\n"
                        + HIDDEN, "plain.example.org", patience=1.5)
        self.assertEqual(said.count(b"HTTP/1.1 200"), 1)
        self.assertEqual([seen["target"] for seen in self.internet.requests()], ["/outer"])

    def test_chunks_are_made_anew(self):
        """Sizes with leading zeros and extensions are legal; none of it goes through as it was."""
        said = self.raw(f"POST /upload HTTP/1.1\r\n{HOST}Transfer-Encoding: Chunked\r\nConnection: "
                        f"close\r\n\r\n"
                        "0005;name=value\r\nhello\r\n0\r\n\r\n", "plain.example.org")
        self.assertIn(b" 200 ", said[:20])
        self.assertIn(b'"length": 5', said)
        self.assertNotIn("name=value", self.internet.raw())

    def test_fields_of_one_hop_stay_here(self):
        said = self.raw(f"GET /echo HTTP/1.1\r\n{HOST}Connection: close, X-Hop\r\nX-Hop: "
                        f"1\r\nKeep-Alive: 9\r\n"
                        "Proxy-Authorization: Basic eDp5\r\nProxy-Connection: keep-alive\r\nTE: "
                        "trailers, gzip\r\n"
                        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
                        "plain.example.org")
        self.assertIn(b" 200 ", said[:20])
        names = {name.lower() for name, _ in self.internet.requests()[0]["headers"]}
        self.assertEqual(names & {"x-hop", "keep-alive", "proxy-authorization", "proxy-connection",
                                  "upgrade"}, set())

    def test_connection_cannot_take_away_what_matters(self):
        said = self.raw(f"GET /echo HTTP/1.1\r\n{HOST}Connection: close, Host, "
                        f"Content-Length\r\n\r\n",
                        "plain.example.org")
        if b" 200 " in said[:20]:
            self.assertIn("host", [name.lower() for name,
                                   _ in self.internet.requests()[0]["headers"]])
        else:
            self.assertIn(b" 400 ", said[:20])

    def test_http_2_without_tls_is_not_a_way_in(self):
        said = self.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), "plain.example.org",
                        patience=1.5)
        self.assertNotIn(b" 200 ", said[:20])
        self.assertEqual(self.internet.requests(), [])

    def test_only_web_sockets_are_switched_to(self):
        """After a switch nobody decides about requests any more: `Upgrade: h2c` is the known trick."""
        hidden = HIDDEN.replace("/hidden", "/closed/hidden")
        for kind in ("h2c", "HTTP/2.0", "TLS/1.0", "websocket, h2c", "h2c, websocket", "anything"):
            with self.subTest(kind=kind):
                self.internet.clear()
                said = self.raw(f"GET /switch HTTP/1.1\r\n{HOST}Connection: Upgrade, "
                                f"HTTP2-Settings\r\n"
                                f"Upgrade: {kind}\r\nHTTP2-Settings: "
                                f"AAMAAABkAAQAAP__\r\n\r\n{hidden}",
                                "plain.example.org", patience=1.5)
                self.assertNotIn(b" 101 ", said[:20])
                self.assertNotIn(b"switched", said)
                self.assertEqual([value for seen in self.internet.requests()
                                  for name, value in seen["headers"] if name.lower() == "upgrade"],
                                 [])
                self.assertNotIn("/hidden", self.internet.raw())

    def test_a_switch_that_nobody_asked_for(self):
        hidden = HIDDEN.replace("/hidden", "/closed/hidden")
        said = self.raw(f"GET /switch HTTP/1.1\r\n{HOST}\r\n{hidden}", "plain.example.org",
                        patience=1.5)
        self.assertNotIn(b"switched", said)
        self.assertNotIn("/hidden", self.internet.raw())

    def test_bytes_after_an_upgrade_that_was_not_granted(self):
        said = self.raw(f"GET /hello HTTP/1.1\r\n{HOST}Connection: Upgrade\r\nUpgrade: "
                        f"websocket\r\n"
                        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: "
                        "13\r\n\r\n"
                        "GET /hidden HTTP/1.1\r\nHost: evil.example.net\r\n\r\n",
                        "plain.example.org",
                        patience=1.5)
        self.assertIn(b" 200 ", said[:20])
        self.assertNotIn("/hidden", [seen["target"] for seen in self.internet.requests()])
