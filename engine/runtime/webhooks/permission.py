"""Permission to send events to a host: named by the settings, and by a file only if trusted."""

from pathlib import Path

from engine.config.environment import Environment
from engine.config.settings import Settings
from engine.config.trust.webhook_hosts import UntrustedHost, untrusted_hosts
from engine.runtime.webhooks.signing import keys_of
from engine.runtime.webhooks.target import AllowedHosts, Target, WebhookRefused, target_of


def allowed_hosts(
    target: Target, root: Path, settings: Settings, environment: Environment
) -> AllowedHosts:
    """Return the hosts and networks that are allowed, if one of them is a target's.

    Raises:
        WebhookRefused: The settings do not name the host.
        UntrustedHost: Only files of the workspace name it, and the user has not trusted it.
    """
    named = settings.api.webhook_hosts
    AllowedHosts(named).check(target)
    untrusted = untrusted_hosts(root, named, environment)
    allowed = AllowedHosts(host for host in named if host not in untrusted)
    try:
        allowed.check(target)
    except WebhookRefused:
        host = next(host for host in untrusted if AllowedHosts([host]).names(target))
        raise UntrustedHost(root, host) from None
    return allowed


def check_webhook(url: str, root: Path, settings: Settings, environment: Environment) -> Target:
    """Return an address that events can be sent to, and signed for.

    Raises:
        WebhookRefused: It is not such an address, or the settings do not name its host.
        UntrustedHost: Only files of the workspace name its host.
        NoSecret: There is nothing to sign with.
    """
    target = target_of(url)
    allowed_hosts(target, root, settings, environment)
    keys_of(environment)
    return target
