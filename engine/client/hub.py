"""Variables of the Hugging Face hub's client, from a workspace's `.env` files."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from engine.config.environment import Environment, same_form
from engine.config.settings import load_environment
from engine.config.trust.grants import is_trusted, is_trusted_folder
from engine.config.trust.guard import OutsideWorkspace, UntrustedDestination
from engine.text.addresses import checked_url, is_loopback
from engine.text.errors import UserError
from engine.text.keys import Key

TOKEN, ENDPOINT = "HF_TOKEN", "HF_ENDPOINT"
HUB_VARIABLES = (TOKEN, "HF_HOME", ENDPOINT, "HF_HUB_OFFLINE")
"""Variables of the hub's client: token, cache folder, address of the hub, offline mode."""


def adopt_hub_variables(root: Path) -> None:
    """Put the hub's variables of a workspace's `.env` files into this process's environment.

    The client reads them only there, here and in the model hosts, which inherit the environment
    and nothing else of a workspace. It reads some when it is imported, so call this first.
    Variables that are already set win. Another hub is adopted only if `refuse_unsafe_hub` would
    accept it. Nothing is written to disk.

    Args:
        root: The workspace; it need not exist.
    """
    environment = load_environment(root)
    for name in HUB_VARIABLES:
        if name != ENDPOINT and (value := environment.get(name)):
            os.environ[name] = value
    endpoint = environment.get(ENDPOINT)
    if not endpoint or _fault(environment):
        return
    os.environ[ENDPOINT] = endpoint


def refuse_unsafe_hub(root: Path) -> None:
    """Check the hub's address and the token before a request to the hub.

    Raises:
        UserError: The address is neither https nor of this machine, or the token is malformed.
        UntrustedDestination: The user's own token would go to a hub that only the workspace names,
            or the weights into a folder outside the workspace that only the workspace names.
    """
    environment = load_environment(root)
    token = Key(environment.get(TOKEN, "").strip(), TOKEN)
    if token.fault:
        raise UserError(f"{TOKEN} {token.fault}: copy the token alone, with nothing around it.")
    if fault := _fault(environment):
        raise fault
    if (cache := cache_outside(environment)) and not is_trusted_folder(root, cache):
        raise OutsideWorkspace(environment.root, cache, what="Weights")


def cache_outside(environment: Environment) -> Path | None:
    """Return the cache that the files of a workspace name outside it; None if there is none."""
    if "HF_HOME" not in environment.of_workspace:
        return None
    root = environment.root.absolute()
    home = os.path.expandvars(Path(environment["HF_HOME"]).expanduser())
    folder = Path(os.path.normpath(root / home))
    return None if folder.is_relative_to(os.path.normpath(root)) else folder


def use_no_proxy_for_local_hub() -> None:
    """Keep this process's client from using a proxy for a hub on a loopback address.

    For a process that only fetches weights. The client sets up a SOCKS proxy regardless of
    `NO_PROXY`; in that case no proxy is used at all.
    """
    endpoint = os.environ.get(ENDPOINT, "")
    if not endpoint or not is_loopback(endpoint):
        return
    from urllib.request import getproxies

    has_socks = any(proxy.startswith("socks") for proxy in getproxies().values())
    host = "*" if has_socks else urlsplit(endpoint).hostname or ""
    for name in ("NO_PROXY", "no_proxy"):
        known = os.environ.get(name, "")
        os.environ[name] = host if has_socks or not known else f"{known},{host}"


def _fault(environment: Environment) -> Exception | None:
    """Return the error of the hub's address; None if it is allowed or not set."""
    endpoint = environment.get(ENDPOINT, "")
    if not endpoint:
        return None
    try:
        checked_url(endpoint)
    except ValueError as error:
        return UserError(f"{ENDPOINT} {error}.")
    if ENDPOINT not in environment.of_workspace or not _token_of_user(environment):
        return None
    address = same_form(endpoint)
    if is_trusted(environment.root, address):
        return None
    return UntrustedDestination(environment.root, [address], [TOKEN])


def _token_of_user(environment: Environment) -> bool:
    """Return True if the client would find a token that is not the workspace's own."""
    if os.environ.get("HF_OIDC_RESOURCE"):  # it comes before every other
        return True
    if environment.get(TOKEN, "").strip():
        return TOKEN not in environment.own_keys
    return bool(os.environ.get("HUGGING_FACE_HUB_TOKEN")) or _token_file(environment).is_file()


def _token_file(environment: Environment) -> Path:
    """Return the file in which the client keeps the token of a login.

    The client gets only `HUB_VARIABLES` from a workspace, so no other variable counts.
    """
    path = os.environ.get("HF_TOKEN_PATH")
    if path is None:
        cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
        home = environment.get("HF_HOME") or f"{cache}/huggingface"
        path = f"{home}/token"
    return Path(os.path.expandvars(Path(path).expanduser()))
