"""`safelight completion`: the script that a shell reads to complete commands and options."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL.

    For bash: `eval "$(safelight completion bash)"` in ~/.bashrc; likewise for zsh. For fish:
    `safelight completion fish > ~/.config/fish/completions/safelight.fish`.
    """
    from engine.cli.app import app

    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"There is no completion for {shell}.")
    click.echo(kind(app, {}, "safelight", "_SAFELIGHT_COMPLETE").source())
