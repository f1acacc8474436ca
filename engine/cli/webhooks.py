"""`safelight webhooks`: addresses that get events, and their deliveries."""

from pathlib import Path

import click

from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.cli.trust import asking_for_trust
from engine.client.documents.webhooks import delivery_document, webhook_document
from engine.client.workspace import Workspace
from engine.text.plural import pluralize


@click.group()
def webhooks() -> None:
    """Send events to addresses, signed by Standard Webhooks; list and retry deliveries.

    Only hosts that `webhook_hosts` of [api] in safelight.toml names get any. The secret is in
    SAFELIGHT_WEBHOOK_SECRET.
    """


@webhooks.command("add")
@click.argument("url")
@click.option("--batch", help="Only events of this batch.")
@click.option("--event", "events", multiple=True, metavar="TYPE", help="Only this event.")
@workspace_option
def add(workspace: Path, url: str, batch: str | None, events: tuple[str, ...]) -> int:
    """Send events to URL: batch.finished, job.finished, job.parked, budget.reached.

    Alerts only if they are named: alert.parked, alert.done, alert.budget, alert.error_rate.
    """
    opened = Workspace(workspace)
    number = asking_for_trust(lambda: opened.webhooks.add(url, events, batch), ask=True)
    render.say(f"Webhook {number} is sent to from now on.")
    return 0


@webhooks.command("list")
@json_option
@workspace_option
def list_(workspace: Path, *, as_json: bool) -> int:
    """List the webhooks, and the newest deliveries that have not arrived."""
    opened = Workspace(workspace)
    listed = [webhook_document(row) for row in opened.webhooks.all(ended=True)]
    waiting = [delivery_document(row) for row in opened.webhooks.deliveries(open_only=True)]
    if as_json:
        render.print_json({"webhooks": listed, "deliveries": waiting})
        return 0
    if not listed:
        render.say("No webhooks. Add one: safelight webhooks add URL")
        return 0
    table = render.table("id", "of", "address", "events", "state", stretch="address")
    for item in listed:
        state = f"ended: {item['reason']}" if item["ended_at"] else "active"
        events = render.shown(", ".join(item["events"]), 80)
        url = render.shown(item["url"], 200)
        table.add_row(str(item["id"]), item["batch"] or "all", url, events, state)
    render.console().print(table)
    if waiting:
        _print_waiting(waiting)
    return 0


def _print_waiting(deliveries: list[dict[str, object]]) -> None:
    render.say("", f"{pluralize(len(deliveries), 'delivery', 'deliveries')} not arrived:")
    table = render.table("id", "webhook", "event", "state", "tries", "next", "why", stretch="why")
    for item in deliveries:
        cells = (item[name] for name in ("id", "webhook", "type", "state", "attempts"))
        due = str(item["next_at"] or "")[:19].replace("T", " ")
        table.add_row(*(str(cell) for cell in cells), due, render.shown(str(item["error"] or "")))
    render.console().print(table)
    render.say("To try now: safelight webhooks retry")


@webhooks.command("remove")
@click.argument("number", type=int)
@workspace_option
def remove(workspace: Path, number: int) -> int:
    """End a webhook; what it has not got yet is dropped."""
    Workspace(workspace).webhooks.remove(number)
    render.say(f"Webhook {number} has ended.")
    return 0


@webhooks.command("retry")
@click.argument("numbers", type=int, nargs=-1, metavar="[DELIVERY...]")
@workspace_option
def retry(workspace: Path, numbers: tuple[int, ...]) -> int:
    """Try pending and failed deliveries now; by default all of them.

    A running engine sends them, or the next one; so does `safelight api`.
    """
    count = Workspace(workspace).webhooks.retry(numbers or None)
    render.say(f"{pluralize(count, 'delivery is', 'deliveries are')} due now.")
    return 0


@webhooks.command("secret")
def secret() -> int:
    """Print a new random secret for SAFELIGHT_WEBHOOK_SECRET; nothing is stored.

    To change a secret, set the new one before the old one, divided by a space, until the receiver
    has the new one: messages are signed with both.
    """
    from engine.client.webhooks import new_secret

    render.say(new_secret())
    return 0
