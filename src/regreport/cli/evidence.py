"""Commands about proof: seal, verify."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regreport.cli.exits import Exit
from regreport.cli.options import AsOption, JsonOption, OptionalDate, WorkspaceOption, at_home, parse_date
from regreport.cli.printing import print_json, print_lines

if TYPE_CHECKING:
    from regreport.evidence.verify import Verified
    from regreport.sealing import Sealed

AnchorOption = Annotated[
    Path | None, typer.Option("--anchor", help="Folder with the seals that were given away (default: [seal] anchor).")
]
PublicKeyOption = Annotated[
    list[str] | None, typer.Option("--public-key", help="A public key whose seals are trusted: digits, or a file.")
]
ToldOption = Annotated[
    list[str] | None, typer.Option("--sealed", help="SEAL=ROOT as a sign-off mail told it, e.g. S-000001=4f2a...")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    for command in (seal, verify):
        app.command()(command)


def seal(
    date: OptionalDate = "",
    new_key: Annotated[Path | None, typer.Option("--new-key", help="Make a signing key in this new file.")] = None,
    workspace: WorkspaceOption = None,
    actor: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Seal the day: one signed root over every chain of events. Where nothing is new, there is no new seal."""
    from regreport import app, sealing

    if new_key is not None:
        _make_key(new_key, app.find_workspace(workspace), as_json=as_json)
        return
    with at_home(workspace, actor, writes=True) as home:
        on = parse_date(date) if date else home.now().date()
        _refuse_future(on, home.now().date())
        done = sealing.seal(home, app.find_workspace(workspace), on)
        if done is None:
            _refuse_no_key(home.settings.seal.key, app.find_workspace(workspace))
            return
    if as_json:
        print_json({"seal": done.seal, "given": done.given, "public_key": done.public_key, "anchored": done.anchored})
    else:
        print_lines(*seal_words(done), f"Public key {done.public_key}")


def _refuse_no_key(configured: str, workspace: Path) -> None:
    from regreport.evidence.keys import require_key

    require_key(configured, workspace)


def _refuse_future(on: Any, today: Any) -> None:
    from regreport.errors import BadInput

    if on > today:
        raise BadInput("a day to come cannot be sealed", "Nothing was sealed", field="--date", value=str(on))


def _make_key(path: Path, workspace: Path, *, as_json: bool) -> None:
    from regreport.evidence.keys import VARIABLE, key_id, new_key

    public = new_key(path, workspace)
    if as_json:
        print_json({"file": str(path), "public_key": public, "key": key_id(public)})
        return
    print_lines(
        f"Private key {path} (keep it where this workspace's ledger and store cannot be reached from)",
        f"Public key {public}",
        f"Use it with: export {VARIABLE}={path}",
    )


def seal_words(done: Sealed) -> list[str]:
    """What sealing did, in lines."""
    made = done.seal
    words = ["Nothing is new: no seal was made"]
    if made is not None:
        words = [f"Seal {made.seal_id}: {made.leaves} chains, root {made.root}"]
    if not done.anchored:
        words.append("No anchor is configured: a rollback of the whole workspace could not be noticed")
    elif done.given:
        words.append(f"Given to the anchor: {', '.join(done.given)}")
    return words


def verify(
    anchor: AnchorOption = None,
    public_key: PublicKeyOption = None,
    sealed: ToldOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check every chain, row, object, seal and anchor again. Exit 5 where anything is not what was recorded."""
    from regreport import app, sealing
    from regreport.evidence.verify import verify as check

    with at_home(workspace) as home:
        trust = sealing.trust(home, app.find_workspace(workspace), anchor, public_key or [], sealed or [])
        seen = check(home.ledger, home.store, trust)
    if as_json:
        print_json({**vars(seen), "intact": not seen.faults})
    else:
        _show(seen)
    if seen.faults:
        raise typer.Exit(Exit.EVIDENCE)


def _show(seen: Verified) -> None:
    sealed = f", {seen.seals} seals ({seen.anchored} at the anchor)" if seen.seals else ""
    print_lines(f"{seen.chains} chains with {seen.events} events, {seen.objects} objects{sealed}")
    print_lines(*(f"BROKEN {fault}" for fault in seen.faults))
    if seen.orphans:
        print_lines(f"{len(seen.orphans)} objects that no row names (left by an interrupted step; harmless)")
    if seen.seals and seen.unsealed:
        print_lines(f"{seen.unsealed} events are not sealed yet")
    print_lines(*seen.ended, *seen.notes)
    print_lines("Everything is as it was recorded" if not seen.faults else f"{len(seen.faults)} faults")
