"""How a period ends: its key is destroyed after the last duty to keep anything under it, and a second person agrees.

What a request names is the key and, by a digest, every object under it: if one more came under the key after somebody
agreed, nothing is destroyed. The request and its approval are the intent; the keyring's tombstone is the deed; the
event in the key's chain says that it was done. A crash between them is made good by asking again.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Final

from regreport.errors import BadInput, ConfigurationError, NotFound
from regreport.keyring import DataKey, KeyRing
from regreport.model.approval import Request, RequestKind, approved, same_person
from regreport.model.report import Submission
from regreport.pipeline import Home

DONE: Final = "key destroyed"
"""Kind of the event; its chain is the key's id."""
_KIND: Final = RequestKind.DESTROY_KEY.value


@dataclass(frozen=True)
class KeyState:
    """A key and what is under it. `last_duty`: the day before which something under it may not go; `holds`: the legal
    holds that keep something under it."""

    key: DataKey
    objects: int
    last_duty: date | None
    holds: tuple[str, ...]
    digest: str
    """SHA-256 over the digests of all objects under the key: what a second person agrees to."""

    def refusal(self, today: date) -> str:
        """Why the key may not be destroyed on this day; '' where it may."""
        if self.last_duty is None:
            return f"nothing is under the key {self.key.key_id}; it stays, for what may still come"
        if self.last_duty > today:
            return f"{self.objects} objects are under it, and not all may go before {self.last_duty}"
        return f"under legal hold: {', '.join(self.holds)}" if self.holds else ""


def ring(home: Home) -> KeyRing:
    """The keyring of a home. Raises ConfigurationError where it has none."""
    if home.keyring is None:
        raise ConfigurationError("this store has no keyring: nothing in it is encrypted")
    return home.keyring


def states(home: Home) -> list[KeyState]:
    """Every key there is or was, by id, with what is under it."""
    under = defaultdict(list)
    for digest in home.store.digests():
        if key_id := home.store.key_id(digest):
            under[key_id].append(digest)
    longer, held = home.ledger.kept_longer(), _holds(home)
    return [_state(home, key, under[key.key_id], longer, held) for key in ring(home).known()]


def _state(
    home: Home,
    key: DataKey,
    objects: Sequence[str],
    longer: dict[str, tuple[date, bool]],
    held: dict[str, tuple[str, ...]],
) -> KeyState:
    until = [max(home.store.retain_until(d), longer.get(d, (date.min, False))[0]) for d in objects]
    holds = {h for scope in ("", key.key_id) for h in held.get(scope, ())}
    holds |= {f"object {d[:12]}" for d in objects if longer.get(d, (date.min, False))[1]}
    digest = hashlib.sha256("\n".join([key.key_id, *sorted(objects)]).encode()).hexdigest()
    return KeyState(key, len(objects), max(until, default=None), tuple(sorted(holds)), digest)


def _holds(home: Home) -> dict[str, tuple[str, ...]]:
    """Key ('' is any) -> the open legal holds that keep something under it. A hold about something that cannot be told
    keeps every key."""
    found = defaultdict(list)
    for hold, subject in home.ledger.held_subjects():
        for key_id in set(_keys_about(home, subject)) or {""}:
            found[key_id].append(f"{hold} ({subject})")
    return {key: tuple(holds) for key, holds in found.items()}


def _keys_about(home: Home, subject: str) -> Iterator[str]:
    """The keys of everything that a hold is about: a key, an object, a report, or what is owed for a day."""
    if any(k.key_id == subject for k in ring(home).known()):
        yield subject
    obligations = {subject}
    with suppress(NotFound):
        obligations.add(home.ledger.submission(subject).obligation_id)
    states = home.ledger.obligations(obligation_id=sorted(obligations))
    objects = [subject] if home.store.has(subject) else []
    for state in states:
        objects += [state.decisions_digest, state.state_digest, state.findings_digest]
        objects += [b.digest for b in home.batches(state)] + [b.file_digest for b in home.batches(state)]
        for submission in home.submissions(state.obligation.obligation_id):
            objects += _objects_of(submission)
    yield from (home.store.key_id(d) for d in objects if d and home.store.has(d) and home.store.key_id(d))


def _objects_of(submission: Submission) -> Iterable[str]:
    digests = (submission.fields_digest, submission.index_digest, submission.manifest_digest)
    return (*digests, submission.findings_digest, submission.outcomes_digest, *(f.digest for f in submission.files))


def state_of(home: Home, key_id: str) -> KeyState:
    """One key and what is under it. Raises NotFound."""
    for state in states(home):
        if state.key.key_id == key_id:
            return state
    raise NotFound(f"There is no key {key_id} in the keyring; `regreport persons keys list` names those there are")


def ask(home: Home, key_id: str, reason: str) -> Request | None:
    """Ask a second person to agree that a key goes; where somebody has, destroy it and return None.

    Raises NotFound, BadInput (a duty to keep something under it lasts, or it is on hold): nothing is changed then.
    """
    state = state_of(home, key_id)
    if state.key.destroyed_at:
        _note(home, state, _agreed(home, state))
        return None
    if why := state.refusal(home.now().date()):
        raise BadInput(f"{key_id} cannot be destroyed: {why}", "Nothing was changed")
    if (agreed := _agreed(home, state)) is not None:
        _destroy(home, state, agreed)
        return None
    return home.ledger.request(home.ledger.ask(_KIND, key_id, state.digest, reason, home.actor))


def follow(home: Home, decided: Request) -> str:
    """What an approval of a request for a key brings about; '' for any other request. Raises BadInput where a duty or a
    hold has come since."""
    if decided.kind != _KIND or not decided.is_approved:
        return ""
    state = state_of(home, decided.subject)
    if state.digest != decided.digest:
        raise BadInput(f"{decided.subject}: other objects are under it than were agreed to", "Ask anew")
    if why := state.refusal(home.now().date()):
        raise BadInput(f"{decided.subject} cannot be destroyed: {why}", "Nothing was changed")
    _destroy(home, state, decided)
    return f"{state.objects} objects have ended with it"


def _agreed(home: Home, state: KeyState) -> Request | None:
    return approved(home.ledger.requests(state.key.key_id), _KIND, state.key.key_id, state.digest)


def _destroy(home: Home, state: KeyState, agreed: Request) -> None:
    assert agreed.decision is not None
    assert not same_person(agreed.requested_by, agreed.decision.decided_by)
    ring(home).destroy(state.key.key_id, agreed.decision.decided_by)
    _note(home, state, agreed)


def _note(home: Home, state: KeyState, agreed: Request | None) -> None:
    """Say in the key's chain that it was destroyed, once."""
    key_id = state.key.key_id
    if agreed is None or any(e.kind == DONE for e in home.ledger.events(key_id)):
        return
    told = {"key": key_id, "objects": str(state.objects), "objects_sha256": state.digest}
    home.ledger.note(key_id, DONE, told | {"request": agreed.request_id}, home.actor)
