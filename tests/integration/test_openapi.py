# SPDX-License-Identifier: GPL-3.0-or-later
"""Real answers against the document that describes them."""

import json
import re
import unittest
from urllib.parse import quote

from caisson_testing.cases import SandboxCase
from caisson_testing.http import Refused

try:
    import jsonschema
    import referencing
    from referencing.jsonschema import DRAFT202012
except ImportError:
    jsonschema = None


@unittest.skipIf(jsonschema is None, "needs python3-jsonschema: apt-get install python3-jsonschema")
class Document(SandboxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.home.api.get("/v1/openapi.json").json()
        cls.registry = referencing.Registry().with_resource(
            "urn:caisson", DRAFT202012.create_resource(cls.document))
        cls.seen = set()

    def operation(self, method, target):
        path = target.partition("?")[0]
        for pattern, operations in self.document["paths"].items():
            expression = re.sub(r"\\\{(path|path\\\.\\\.\\\.)\\\}", ".*", re.escape(pattern))
            expression = re.sub(r"\\\{\w+\\\}", "[^/]+", expression)
            if re.fullmatch(expression, path) and method.lower() in operations:
                return operations[method.lower()]
        self.fail(f"the document has no {method} {target}")

    def check(self, value, schema):
        """`schema` may refer to other parts of the document."""
        jsonschema.Draft202012Validator(absolute(schema), registry=self.registry).validate(value)

    def answerSchema(self, operation, status, kind="application/json"):
        answers = operation["responses"]
        answer = answers.get(str(status)) or answers["default"]
        return answer["content"][kind]["schema"]

    def call(self, method, target, body=None):
        answer = self.home.api.call(method, target, body)
        operation = self.operation(method, target)
        self.seen.add(operation["operationId"])
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            self.check(answer.json(), self.answerSchema(operation, answer.status))
        else:
            self.assertIn(str(answer.status), operation["responses"], (method, target))
        if isinstance(body, dict) and answer.status < 400:
            self.check(body, operation["requestBody"]["content"]["application/json"]["schema"])
        return answer

    def events(self, method, target, count, body=None):
        operation = self.operation(method, target)
        self.seen.add(operation["operationId"])
        stream = (self.home.api.stream(target) if method == "GET"
                  else self.home.api.postStream(target, body))
        with stream:
            return operation, [next(stream) for _ in range(count)]

    def test_it_is_openapi(self):
        self.assertTrue(self.document["openapi"].startswith("3.1"))
        self.assertTrue(self.document["info"]["version"])
        names = [operation["operationId"] for operations in self.document["paths"].values()
                 for method, operation in operations.items() if method != "parameters"]
        self.assertEqual(len(names), len(set(names)))
        for operations in self.document["paths"].values():
            for method, operation in operations.items():
                if method != "parameters":
                    self.assertTrue(operation["summary"])
                    self.assertTrue(operation["responses"])

    def test_every_schema_is_one(self):
        for schema in self.document.get("components", {}).get("schemas", {}).values():
            jsonschema.Draft202012Validator.check_schema(schema)

    def test_every_answer(self):
        """All operations, good and bad, and none forgotten."""
        box = self.box.url
        self.call("GET", "/health")
        self.call("GET", "/v1/openapi.json")
        self.call("GET", "/v1/host")
        made = self.call("POST", "/v1/sandboxes", {
            "name": "other", "start": False, "env": {"A": "b"}, "labels": {"c": "d"},
            "limits": {"memory": 1 << 30, "cpus": 1.5, "pids": 100},
            "mounts": [{"source": "/usr/share", "target": "/mounted", "read_only": True}]})
        self.assertEqual(made.status, 201)
        self.call("POST", "/v1/sandboxes", {"name": "other"})
        self.call("GET", "/v1/sandboxes")
        self.call("GET", "/v1/sandboxes/other")
        self.call("GET", "/v1/sandboxes/none")
        self.call("PATCH", "/v1/sandboxes/other", {"name": "another", "labels": {"e": "f"}})
        self.call("POST", "/v1/sandboxes/another/start")
        self.call("POST", "/v1/sandboxes/another/stop")
        self.call("GET", "/v1/sandboxes/another/tree/")
        self.call("DELETE", "/v1/sandboxes/another")
        terminal = self.call("POST", f"{box}/terminals", {"argv": ["cat"], "cols": 90}).json()["id"]
        self.call("GET", f"{box}/terminals")
        self.call("PATCH", f"{box}/terminals/{terminal}", {"title": "x", "cols": 70, "rows": 20})
        self.attach(f"{box}/terminals/{terminal}")
        self.call("DELETE", f"{box}/terminals/{terminal}")
        self.call("PUT", f"{box}/files/workspace/file", b"x")
        self.call("HEAD", f"{box}/files/workspace/file")
        self.call("GET", f"{box}/files/workspace/file")
        self.call("GET", f"{box}/files/none")
        part = self.home.api.call("GET", f"{box}/files/workspace/file", headers={"Range": "bytes=0-0"})
        self.assertEqual(part.status, 206)
        operation = self.operation("GET", f"{box}/files/workspace/file")
        self.assertIn(part.headers["Content-Type"], operation["responses"]["206"]["content"])
        self.assertIn("Range", [one["name"] for one in operation["parameters"]])
        self.call("POST", f"{box}/files/workspace/folder", {"action": "mkdir"})
        self.call("POST", f"{box}/files/workspace/file",
                  {"action": "move", "to": "/workspace/folder/file", "overwrite": True})
        self.call("PUT", f"{box}/files/workspace/{quote(bytes([255]))}", b"x")
        self.box.must("ln", "-sf", "/none", "/workspace/link")
        self.call("GET", f"{box}/tree/workspace")
        self.call("GET", f"{box}/tree/workspace?stat=1")
        self.call("DELETE", f"{box}/files/workspace/folder?recursive=1")
        self.egress(box)
        self.secrets()
        self.exec(f"{box}/exec")
        self.execAsEvents(f"{box}/exec")
        operation, told = self.events("GET", f"{box}/watch?path=/workspace", 1)
        self.check(json.loads(told[0][2]), self.eventSchema(operation))
        self.serviceEvents()
        described = {operation["operationId"] for operations in self.document["paths"].values()
                     for method, operation in operations.items() if method != "parameters"}
        self.assertEqual(described - self.seen, set())

    def egress(self, box):
        policy = self.call("GET", f"{box}/egress/policy").json()
        self.call("PUT", f"{box}/egress/policy", {"toml": "default = \"nonsense\""})
        self.call("PUT", "/v1/secrets/known", {"value": "of-no-use"})
        self.call("PUT", f"{box}/egress/policy", {"default": policy["default"], "rules": [
            {"host": "example.com", "action": "allow", "methods": ["GET"], "ports": [443],
             "inject": {"header": "Authorization", "value": "Bearer ${secret:known}"}}]})
        added = self.call("PATCH", f"{box}/egress/policy",
                          {"add": [{"host": "example.org", "action": "deny"}], "for_seconds": 900})
        self.assertEqual(len(added.json()["rules"]), 2)
        self.call("POST", f"{box}/egress/explain",
                  {"method": "GET", "url": "https://example.com/a"})
        self.call("GET", f"{box}/egress/prompts")
        self.call("POST", f"{box}/egress/prompts/none", {"verdict": "deny"})
        self.box.exec("curl", "-sm", "5", "https://example.org/")
        rows = self.call("GET", f"{box}/egress/log?limit=10&host=example.org").json()["entries"]
        self.assertTrue(rows)
        operation, told = self.events("GET", f"{box}/egress/log?follow&after={rows[0]['id'] - 1}", 1)
        self.check(json.loads(told[0][2]), self.eventSchema(operation))
        self.call("GET", f"{box}/egress/log.har")

    def secrets(self):
        self.call("GET", "/v1/secrets")
        self.call("POST", "/v1/secrets", {"passphrase": "none"})
        self.call("PUT", "/v1/secrets/name", {"value": "value"})
        self.call("PUT", "/v1/secrets/other", {"value": "two\nlines"})
        self.call("GET", "/v1/secrets")
        self.call("DELETE", "/v1/secrets/name")
        self.call("DELETE", "/v1/secrets/name")

    def eventSchema(self, operation):
        return self.answerSchema(operation, 200, "text/event-stream")

    def attach(self, target):
        self.seen.add(self.operation("GET", target)["operationId"])
        with self.home.api.webSocket(target + "?since=0") as socket:
            while True:
                message = socket.receive()
                if isinstance(message, dict):
                    self.checkControl(message)
                    if message["type"] == "caught_up":
                        return

    def checkControl(self, message):
        self.check(message, {"$ref": "#/components/schemas/StreamControl"}
                   if "StreamControl" in self.document.get("components", {}).get("schemas", {})
                   else {})

    def exec(self, target):
        self.seen.add(self.operation("GET", target)["operationId"])
        with self.home.api.webSocket(target) as socket:
            socket.sendText({"argv": ["true"]})
            message = {}
            while message.get("type") != "exit":
                message = socket.receive()
                self.checkControl(message)
        with self.assertRaises(Refused) as refused:
            self.home.api.webSocket("/v1/sandboxes/none/exec")
        self.assertEqual(refused.exception.code, "not_found")

    def execAsEvents(self, target):
        operation, told = self.events("POST", target, 3, {"argv": ["echo", "x"]})
        self.check({"argv": ["echo", "x"]},
                   operation["requestBody"]["content"]["application/json"]["schema"])
        self.assertEqual([event for _, event, _ in told], ["start", "stdout", "exit"])
        for _, _, data in told:
            self.check(json.loads(data), self.eventSchema(operation))

    def serviceEvents(self):
        with self.home.api.stream("/v1/events") as stream:
            operation = self.operation("GET", "/v1/events")
            self.seen.add(operation["operationId"])
            self.home.must("create", "--no-start", "eventful")
            self.home.must("rm", "eventful")
            kinds = []
            while "sandbox.removed" not in kinds:
                _, kind, data = next(stream)
                self.check(json.loads(data), self.eventSchema(operation))
                kinds.append(kind)


def absolute(schema):
    """References within the document as references to it."""
    if isinstance(schema, dict):
        return {key: ("urn:caisson" + value if key == "$ref" and value.startswith("#")
                      else absolute(value)) for key, value in schema.items()}
    if isinstance(schema, list):
        return [absolute(one) for one in schema]
    return schema


if __name__ == "__main__":
    unittest.main()
