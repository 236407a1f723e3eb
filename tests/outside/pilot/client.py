"""People who speak GraphQL through the `gql` client, each of them to all servers in turn."""

import io
import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    build_schema,
    parse,
    visit,
)
from graphql.language import Visitor

TIMEOUT_SECONDS = 60
POLL_SECONDS = 0.2


class JourneyError(Exception):
    """The API did something that the journey did not expect."""


class Refused(JourneyError):
    """A mutation answered with userErrors."""

    def __init__(self, operation: str, errors: list[dict[str, Any]]):
        super().__init__(f"{operation} was refused: {errors}")
        self.errors = errors

    @property
    def code(self) -> str:
        return self.errors[0]["code"]


def read_documents(path: Path) -> dict[str, DocumentNode]:
    """Each operation of the file as a document of its own, with the fragments that it spreads."""
    definitions = parse(path.read_text(encoding="utf-8")).definitions
    fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}

    class Spreads(Visitor):
        def __init__(self) -> None:
            super().__init__()
            self.names: set[str] = set()

        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
            self.names.add(node.name.value)

    documents = {}
    for node in definitions:
        if isinstance(node, OperationDefinitionNode) and node.name:
            spreads = Spreads()
            visit(node, spreads)
            used = [fragments[name] for name in sorted(spreads.names)]
            documents[node.name.value] = DocumentNode(definitions=(node, *used))
    return documents


class World:
    """The servers, the operations and the schema that they are validated against."""

    def __init__(self, apis: list[str], schema: Path, run: str):
        self.apis = [api.rstrip("/") for api in apis]
        self.run = run
        self.schema = build_schema(schema.read_text(encoding="utf-8"))
        self.documents = read_documents(Path(__file__).with_name("documents.graphql"))
        self.requests_sent = dict.fromkeys(self.apis, 0)
        self._lock = threading.Lock()
        self._first = itertools.cycle(range(len(self.apis)))

    def count(self, api: str) -> None:
        with self._lock:
            self.requests_sent[api] += 1

    def first(self) -> int:
        """With which server the next person begins."""
        with self._lock:
            return next(self._first)


class Person:
    """Someone with a token, or a stranger. Consecutive requests go to different servers."""

    def __init__(self, world: World, name: str, token: str | None = None):
        self.world, self.name, self.token, self.id = world, name, token, ""
        self._next = itertools.count(world.first())
        self._sessions: dict[str, Any] = {}

    def ask(self, operation: str, server: int | None = None, **variables: Any) -> dict[str, Any]:
        """The `data` of an answer; a top-level error raises TransportQueryError."""
        api = self._api(server)
        request = GraphQLRequest(self.world.documents[operation], variable_values=variables, operation_name=operation)
        return self._session(api).execute(request)

    def act(self, operation: str, step: str, server: int | None = None, **fields: Any) -> dict[str, Any]:
        """Runs a mutation. `step` names it among this person's: the same step again is a repetition."""
        key = f"{self.world.run}-{self.name}-{step}"
        return self.act_plain(operation, server, idempotencyKey=key, **fields)

    def act_plain(self, operation: str, server: int | None = None, **fields: Any) -> dict[str, Any]:
        """Like `act`, for mutations without an idempotency key."""
        (payload,) = self.ask(operation, server, input=fields).values()
        if payload["userErrors"]:
            raise Refused(operation, payload["userErrors"])
        return payload

    def refusal(self, operation: str, step: str, server: int | None = None, **fields: Any) -> dict[str, Any]:
        """The first of the userErrors that a mutation must answer with."""
        try:
            self.act(operation, step, server, **fields)
        except Refused as refused:
            return refused.errors[0]
        raise JourneyError(f"{self.name}: {operation} should have been refused")

    def error_code(self, operation: str, server: int | None = None, **variables: Any) -> str:
        """`extensions.code` of the top-level error that an operation must answer with."""
        try:
            self.ask(operation, server, **variables)
        except TransportQueryError as error:
            return (error.errors or [{}])[0].get("extensions", {}).get("code", "")
        raise JourneyError(f"{self.name}: {operation} should have been an error")

    def until(
        self, what: str, operation: str, done: Callable[[dict[str, Any]], bool], seconds: float, **variables: Any
    ) -> dict[str, Any]:
        """Asks until `done` agrees; what workers and WeChat do takes a moment."""
        give_up = time.monotonic() + seconds
        while True:
            data = self.ask(operation, **variables)
            if done(data):
                return data
            if time.monotonic() > give_up:
                raise JourneyError(f"waited {seconds:.0f} s for {what}; the last answer was {data}")
            time.sleep(POLL_SECONDS)

    def every(self, operation: str, field: str, **variables: Any) -> list[dict[str, Any]]:
        """All nodes of a connection, page by page; the cursors travel from server to server."""
        nodes: list[dict[str, Any]] = []
        after = None
        while True:
            page = self.ask(operation, after=after, **variables)[field]
            nodes += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return nodes
            after = page["pageInfo"]["endCursor"]

    def upload(self, jpeg: bytes) -> dict[str, str]:
        """Sends a picture as `wx.uploadFile` does; its media id and address."""
        api = self._api(None)
        answer = requests.post(
            f"{api}/media",
            headers={"Authorization": f"Bearer {self.token}"},
            files={"file": ("picture.jpg", io.BytesIO(jpeg), "image/jpeg")},
            timeout=TIMEOUT_SECONDS,
        )
        if not answer.ok:
            raise JourneyError(f"the upload was refused: {answer.status_code} {answer.text}")
        return answer.json()["media"]

    def _api(self, server: int | None) -> str:
        number = next(self._next) if server is None else server
        api = self.world.apis[number % len(self.world.apis)]
        self.world.count(api)
        return api

    def _session(self, api: str) -> Any:
        if api not in self._sessions:
            transport = RequestsHTTPTransport(
                url=f"{api}/graphql",
                headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
                timeout=TIMEOUT_SECONDS,
            )
            self._sessions[api] = Client(transport=transport, schema=self.world.schema).connect_sync()
        return self._sessions[api]
