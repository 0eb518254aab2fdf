"""What a visit asks about somebody without the card: of the gateway by app, of the identity cards' reader. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from kiosk.frozen import frozen
from kiosk.session.state import Effect, FetchData, Session


@frozen
class AppEffect(Effect):
    """The root of what is asked about a sign-in."""


@frozen
class AskSignIn(AppEffect):
    """Get a code to sign in with (`SignInMade`, `SignInFailed`)."""


@frozen
class LookAtSignIn(AppEffect):
    """See how it stands (`SignInSeen`)."""

    key: str = field(repr=False)


@frozen
class EndSignIn(AppEffect):
    """The visit is over: nothing more shall be released to it. Whatever comes of it, it ends by itself."""

    key: str = field(repr=False)


@frozen
class AskApproval(AppEffect):
    """Put the finished form before the citizen on the telephone (`FormAsked`, `SignInFailed`)."""

    key: str = field(repr=False)
    draft: Mapping[str, object] = field(repr=False)


@frozen
class TakeBackForm(AppEffect):
    """Take the form away from the telephone again."""

    key: str = field(repr=False)


@frozen
class FetchByApp(AppEffect):
    """Fetch subjects without a card in the slot (`DataFetched`, `LookupFailed`)."""

    key: str = field(repr=False)
    service: str
    subjects: tuple[str, ...]


@frozen
class LookForIdentity(Effect):
    """Look once whether an identity card lies on its reader (`IdentityRead`, `IdentityAbsent`)."""


def ended(session: Session) -> tuple[Effect, ...]:
    """End the sign-in of this visit, where it has one."""
    return () if session.app is None else (EndSignIn(session.app.key),)


def lookup(session: Session, service: str, subjects: tuple[str, ...], timeout_s: float) -> Effect:
    """Ask for the citizen's data, as this visit may."""
    if session.app is not None and session.by_app:
        return FetchByApp(session.app.key, service, subjects)
    return FetchData(service, subjects, timeout_s)
