"""How Stripe says no: one exception that carries status, type, code and words, and the makers of the usual ones.

* invalid_request_error, 400 to 409: the request, or the state of the thing, does not allow it
* card_error, 402: the bank, or its customer, said no
* idempotency_error, 400: a key was used again for something else
* api_error, 500: something broke at Stripe
"""

from __future__ import annotations

from typing import Any

__all__ = ("Fault", "invalid", "missing", "no_such", "refused", "unexpected_state")


class Fault(Exception):  # noqa: N818 - Stripe's answer, not an error of ours
    """An answer that is not the object asked for.

    ``executed`` tells whether the endpoint had begun its work: only then is the answer kept under the request's
    idempotency key, so that a mistyped request may be sent again with the same key.
    """

    def __init__(self, status: int, kind: str, message: str, *, executed: bool = True, **more: Any) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.executed = status, kind, message, executed
        self.more = {name: value for name, value in more.items() if value is not None}

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        error: dict[str, Any] = {"message": self.message, **self.more, "type": self.kind}
        if code := error.get("code"):
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{str(code).replace('_', '-')}"
        return {"error": error}


def invalid(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> Fault:
    """The request cannot be understood; nothing was begun."""
    return Fault(status, "invalid_request_error", message, executed=False, param=param, code=code)


def missing(param: str) -> Fault:
    """A parameter that must be there is not."""
    return invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")


def refused(message: str, *, code: str | None = None, param: str | None = None, **more: Any) -> Fault:
    """The state of the thing does not allow it."""
    return Fault(400, "invalid_request_error", message, code=code, param=param, **more)


def no_such(what: str, identifier: str, *, param: str | None = "id", other_mode: str = "", status: int = 404) -> Fault:
    """There is nothing of that id in this account and mode; ``other_mode`` is said when it exists in that one."""
    message = f"No such {what}: '{identifier}'"
    if other_mode:
        used = "test" if other_mode == "live" else "live"
        message += f"; a similar object exists in {other_mode} mode, but a {used} mode key was used to make this"
        message += " request."
    return Fault(status, "invalid_request_error", message, code="resource_missing", param=param)


def unexpected_state(kind: str, message: str, thing: dict[str, Any]) -> Fault:
    """An intent is not where it would have to be; the answer shows where it is."""
    shown: dict[str, Any] = {kind: thing, "code": f"{kind}_unexpected_state"}
    return Fault(400, "invalid_request_error", message, executed=True, **shown)
