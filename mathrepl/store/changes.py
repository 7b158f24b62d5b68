"""Weights that a person saves, deletes or has back: locked by name, what fails told in a line."""

from __future__ import annotations

from mathrepl.store.store import Found, Store, check_name
from mathrepl.support.errors import WeightsError


def save(store: Store, found: Found, name: str) -> None:
    """Copy weights to `name` among the user's.

    Raises `WeightsError` for a name that is taken, by the user's or by bundled weights, and where
    nothing can be written.
    """
    store.check_user_directory()
    try:
        check_name(name)
        store.user.mkdir(parents=True, exist_ok=True)  # a lock needs it
        with store.lock(name):
            if store.exists_as_user(name):
                raise WeightsError(
                    f"you have weights named {name!r} already", hint="choose another name"
                )
            if name in store.names():
                raise WeightsError(
                    f"{name!r} is the name of bundled weights", hint="choose another name"
                )
            store.copy(found, name)
    except OSError as error:
        raise WeightsError(
            f"could not save {name!r}: {error.strerror or error}",
            hint=f"free or unlock {store.user}",
        ) from None


def delete(store: Store, name: str) -> None:
    """Delete weights of the user's, kept for `undo`. Raises `WeightsError`."""
    try:
        with store.lock(name):
            store.delete(name)
    except OSError as error:
        raise WeightsError(f"could not delete {name!r}: {error.strerror or error}") from None


def undo(store: Store, name: str) -> str | None:
    """Go back to before the last training of `name`; the name that the undone weights now have.

    Raises `WeightsError`.
    """
    try:
        with store.lock(name):
            return store.undo(name)
    except OSError as error:
        raise WeightsError(f"could not undo: {error.strerror or error}") from None
