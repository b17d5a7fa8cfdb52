"""What a page takes for granted and a test has to make: a mail server, a hand-over that was cut off."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from regreport import app
from regreport.model.ledger import Change
from regreport.model.report import Status
from tests.docs.session import Session


class Ready:
    """Called with the words of a page's mark; `fill` puts the test's own ports into what the page tells to write."""

    def __init__(self, reader: Session, stack: ExitStack) -> None:
        self._reader, self._stack = reader, stack
        self._filled: dict[str, str] = {}
        self._known: dict[str, Callable[[], None]] = {
            "a mail server on port 2525": self._mail_server,
            "the hand-over is cut off": self._cut_off,
        }

    def __call__(self, words: str) -> None:
        self._known[words]()

    def fill(self, content: str) -> str:
        """The content of a file with what stands for the test's own."""
        for told, ours in self._filled.items():
            content = content.replace(told, ours)
        return content

    def _mail_server(self) -> None:
        """A server that accepts everything and keeps it in letter.eml."""
        from aiosmtpd.controller import Controller

        reader = self._reader

        class Keeper:
            async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
                content = envelope.content  # type: ignore[attr-defined]
                (reader.folder / "letter.eml").write_bytes(content)
                return "250 kept"

        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = Controller(Keeper(), hostname="127.0.0.1", port=port)
        server.start()
        self._stack.callback(server.stop)
        self._filled['port = "2525"'] = f'port = "{port}"'

    def _cut_off(self) -> None:
        """The machine stops between the commit of the intent and the receipt."""
        home = app.build(self._reader.folder, actor="ana")
        try:
            for submission in home.ledger.submissions():
                if submission.status is Status.VALIDATED:
                    intent = Change(submission.report_id, submission.status, Status.DELIVERING, "delivering", {})
                    home.ledger.advance([intent], home.actor)
        finally:
            app.close(home)


@contextmanager
def prepare(reader: Session) -> Iterator[Ready]:
    """What a page may ask for, put away again when the page is done."""
    with ExitStack() as stack:
        yield Ready(reader, stack)
