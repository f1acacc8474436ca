"""From what went wrong with a provider to what the operator can do about it.

| what happened | error |
|---|---|
| 401, 403, words of a key that is missing or wrong | `Blocked("key")` |
| 402, exhausted quota, unpaid account | `Blocked("quota")` |
| a location that is not served | `Blocked("backend")` |
| 404, a redirect, words of an unknown model | `Blocked("backend")`: wrong for every call |
| 408, 409, 425, 429, 5xx | `Retryable`, with the wait that `Retry-After` asks for |
| content refused | `Permanent`, with the provider's reason |
| any other status | `Permanent` |
| an error inside a reply of 200 | as the status that it stands for |
| no connection | `Retryable`; where that lasts, the lane is blocked: `backend` |
| cut between sending and reply | `Retryable`, or `OutcomeUnknown` where asking again costs |
| a reply that is too large | `Permanent` |
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from engine.backends.common.account_limits import is_out_of_region, is_spent_or_over_plan
from engine.backends.common.error_bodies import (
    error_in,
    is_bad_key,
    is_moderated,
    is_unknown_model,
)
from engine.backends.common.http import UnreadableReply
from engine.backends.common.rate_headers import allowed_a_minute, until_reset
from engine.backends.common.scrubbing import shown
from engine.contract import Blocked, OutcomeUnknown, Permanent, Retryable, StepError
from engine.contract.errors import Pressure
from engine.text.plural import pluralize

_SAY_LIMITS = frozenset({400, 401, 403, 429})
"""Statuses whose words may name a limit of the account; a 422 repeats the request's own words."""

_GATEWAY = frozenset({502, 504})
"""Answers of something before the provider, behind which a call may have been carried out."""

_MAY_PASS = frozenset({408, 409, 425, 429})
_TOO_MANY = 429
_PRESSURE: dict[int, Pressure] = {429: "limit", 503: "overload", 529: "overload"}
_NOT_SENT = frozenset(
    {
        "ConnectError",
        "ConnectTimeout",
        "PoolTimeout",
        "ProxyError",
        "UnsupportedProtocol",
        "LocalProtocolError",
        "NewConnectionError",
        "ConnectTimeoutError",
        "NameResolutionError",
        "ConnectionRefusedError",
        "gaierror",
    }
)

_MAY_REFUSE = frozenset({400, 403, 422})
_MAY_MEAN_ANOTHER = frozenset({400, 422})

STUMBLES = (ValueError, TypeError, AttributeError, KeyError, ArithmeticError, RecursionError)
"""Errors of clients that trip over a reply of an unexpected shape."""

MAX_SHOWN = 2000
"""Most characters of a provider's message in an error; its trace has the whole message."""


@dataclass(frozen=True, slots=True)
class Account:
    """Account that an error belongs to, and the words to report it in.

    Attributes:
        name: The backend's name, for example `openai`.
        key_names: Names of the environment under which its key is looked for.
        secrets: What must never be in a message.
    """

    name: str
    key_names: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    def say(self, text: str, limit: int = MAX_SHOWN) -> str:
        """Return the provider's message, without secrets and safe for a terminal."""
        return shown(text, self.secrets, limit)


def from_status(
    account: Account,
    status: int,
    said: str = "",
    headers: Mapping[str, str] | None = None,
    *,
    exhausted: bool | None = None,
    resubmit: bool = False,
    cost: int = 0,
) -> StepError:
    """The error for a reply's status.

    Args:
        account: Whose reply it is.
        status: HTTP status.
        said: The provider's own words or the body's head; scrubbed and cut here.
        headers: The reply's headers.
        exhausted: Whether quota or credit are used up, where the backend can tell; by default it
            is read from the words.
        resubmit: Whether a retry has to submit again.
        cost: What the call has cost all the same, in micro-dollars.
    """
    words = account.say(said)
    reply = f"{account.name} answered {status}" + (f": {words}" if words else ".")
    if exhausted is None:
        exhausted = status in _SAY_LIMITS and is_spent_or_over_plan(said)
    if status == 402 or (exhausted and 400 <= status < 500):
        return Blocked(
            reply,
            reason="quota",
            remedy=f"Add credit or raise the limit at {account.name}, then resume.",
        )
    if status in _SAY_LIMITS and is_out_of_region(said):
        return _out_of_region(account, reply)
    if status in _MAY_REFUSE and is_moderated(said):
        return refused(account, said, cost=cost)
    if status in {401, 403} or (status in _MAY_MEAN_ANOTHER and is_bad_key(said)):
        return Blocked(reply, reason="key", remedy=_key_remedy(account))
    if status in _MAY_MEAN_ANOTHER and is_unknown_model(said):
        return _wrong_place(account, 404, reply, headers or {})
    if status in _MAY_PASS or status >= 500:
        return _may_pass(reply, status, headers or {}, resubmit=resubmit, cost=cost)
    if status == 404 or 300 <= status < 400:
        return _wrong_place(account, status, reply, headers or {})
    return Permanent(reply, cost=cost)


def _may_pass(
    reply: str, status: int, headers: Mapping[str, str], *, resubmit: bool, cost: int
) -> Retryable:
    wait, allowed = retry_after(headers), None
    if status == _TOO_MANY:
        allowed = allowed_a_minute(headers)
        wait = _bounded(until_reset(headers)) if wait is None else wait
    return Retryable(
        reply,
        retry_after=wait,
        resubmit=resubmit,
        cost=cost,
        pressure=_PRESSURE.get(status),
        allowed=allowed,
    )


def from_body(
    account: Account, body: Any, headers: Mapping[str, str], *, unknown: bool = False
) -> StepError | None:
    """Return the error inside a reply of 200, or None.

    Args:
        account: Whose reply it is.
        body: Its JSON as plain data.
        headers: Its headers.
        unknown: As for `from_exception`.
    """
    reply_error = error_in(body)
    if reply_error is None:
        return None
    error = from_status(account, reply_error.status, reply_error.text, headers)
    return unless_made(error, reply_error.status, unknown=unknown)


def _key_remedy(account: Account) -> str:
    names = " or ".join(account.key_names) or "the key"
    return f"Check {names} and what it may be used for, then resume."


def _wrong_place(
    account: Account, status: int, reply: str, headers: Mapping[str, str]
) -> StepError:
    if status == 404:
        remedy = f"Check {account.name}.model and {account.name}.base_url."
    else:
        target = account.say(_header(headers, "location"), 200) or "elsewhere"
        reply = f"{account.name} answered {status}, a redirect to {target}, which is not followed."
        remedy = f"Set {account.name}.base_url to where the interface really is."
    return Blocked(reply, reason="backend", remedy=remedy)


def _out_of_region(account: Account, reply: str) -> Blocked:
    return Blocked(
        reply,
        reason="backend",
        remedy=f"{account.name} does not serve this location. Use another backend, or set "
        f"{account.name}.base_url to a gateway where it is served; then resume.",
    )


def unless_made(error: StepError, status: int, *, unknown: bool) -> StepError:
    """The same error, or an unknown outcome where something before the provider may have said it.

    Args:
        error: The error for the status.
        status: HTTP status.
        unknown: As for `from_exception`.
    """
    return OutcomeUnknown(error.message) if unknown and status in _GATEWAY else error


def refused(account: Account, reason: str, *, cost: int = 0) -> Permanent:
    """Return an error for content that the provider refuses, with its reason."""
    return Permanent(
        f"{account.name} refused the request: {account.say(reason)}",
        remedy="Change the prompt or the image; the same request is refused again.",
        cost=cost,
    )


def from_exception(account: Account, error: BaseException, *, unknown: bool = False) -> StepError:
    """Return the error for a call without a complete reply.

    Args:
        account: Whose call it was.
        error: What the client raised; its causes are looked at too.
        unknown: Whether a call that may have been carried out must not be retried without asking:
            it costs money that is worth a question, and nothing finds it again.

    Returns:
        A `StepError`; one that is in the chain of causes already is returned as it is.
    """
    for cause in chain(error):
        if isinstance(cause, StepError):
            return cause
        if isinstance(cause, UnreadableReply):
            return Permanent(f"{account.name}: {cause}", uncertain=True)
    words = account.say(describe(error))
    if not was_sent(error):
        return Retryable(
            f"{account.name} cannot be reached: {words.rstrip('.')}.",
            remedy=f"Check that it is running, the network and {account.name}.base_url; "
            "the jobs go on by themselves when it answers.",
            parks="backend",
        )
    return cut_off(account, words, unknown=unknown)


def cut_off(account: Account, words: str, *, unknown: bool = False) -> StepError:
    """The error for a call that was sent and whose whole reply never came.

    Args:
        account: Whose call it was.
        words: How it was cut, without secrets.
        unknown: As for `from_exception`.
    """
    message = f"The reply of {account.name} was cut off: {words}"
    return OutcomeUnknown(message) if unknown else Retryable(message, resubmit=True)


def out_of_time(account: Account, seconds: float, *, unknown: bool = False) -> StepError:
    """The error for a call that was still unanswered at its deadline."""
    limit = pluralize(seconds, "second", shown=f"{seconds:g}")
    message = f"{account.name} gave no whole answer within {limit}."
    return OutcomeUnknown(message) if unknown else Retryable(message, resubmit=True)


def was_sent(error: BaseException) -> bool:
    """Return True if a call may have reached the provider: unless it failed to connect."""
    names = {base.__name__ for cause in chain(error) for base in type(cause).__mro__}
    return names.isdisjoint(_NOT_SENT)


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from, itself first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def describe(error: BaseException) -> str:
    """Type and words of an error's innermost cause that says something."""
    causes = [cause for cause in chain(error) if str(cause).strip()]
    innermost = causes[-1] if causes else error
    return f"{type(innermost).__name__}: {innermost}".rstrip(": ")


def retry_after(headers: Mapping[str, str], moment: float | None = None) -> float | None:
    """Seconds to wait as `Retry-After` asks (RFC 9110, 10.2.3), or its variant in milliseconds.

    Args:
        headers: A reply's headers.
        moment: Seconds since the epoch to count a date from; now by default.

    Returns:
        Seconds from 0 to a day, or None if it does not say or what it says is no time.
    """
    milliseconds = _number(_header(headers, "retry-after-ms"))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    written = _header(headers, "retry-after")
    seconds = _number(written)
    if seconds is not None:
        return _bounded(seconds)
    try:
        at = parsedate_to_datetime(written).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    return _bounded(at - (time.time() if moment is None else moment))


def _bounded(seconds: float | None) -> float | None:
    return None if seconds is None else min(max(0.0, seconds), 86_400.0)


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\s*\d{1,12}(?:\.\d{1,9})?\s*", text) else None


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")
