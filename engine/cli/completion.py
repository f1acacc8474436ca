"""`safelight completion`: the script that a shell reads to complete commands and options."""

import click
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

_LOAD_COMPDEF = "(( ${+functions[compdef]} )) || { autoload -Uz compinit && compinit -i }\n"
"""For a zsh whose completion has not been initialized: `compdef` comes with it."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL.

    For bash: `eval "$(safelight completion bash)"` in ~/.bashrc; likewise for zsh in ~/.zshrc. For
    fish: `safelight completion fish | source` in ~/.config/fish/config.fish.
    """
    from engine.cli.app import app

    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"There is no completion for {shell}.")
    click.echo(_script(shell, kind(app, {}, "safelight", "_SAFELIGHT_COMPLETE")))


def _script(shell: str, complete: ShellComplete) -> str:
    script = complete.source()
    if shell == "zsh":
        head, _, rest = script.partition("\n")  # `#compdef safelight` has to stay the first line
        return f"{head}\n{_LOAD_COMPDEF}{rest}"
    if shell == "fish":  # a description may hold commas
        return script.replace('string split "," $completion', 'string split -m 1 "," $completion')
    return script


def complete_file(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Leave it to the shell to complete a file."""
    return [CompletionItem(incomplete, type="file")]


def complete_recipe(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the name of a recipe."""
    from engine.client.recipes import installed_catalog

    names = sorted(installed_catalog().recipes)
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
