"""The command ``palier``: what an operator types.

Commands live in `web.commands`, one module a noun, and are imported when they are
asked for: ``palier --help`` must not wait for a web framework.
"""

import importlib

import click

_COMMANDS = {
    "serve": ("web.commands.serve:serve", "Serve the site."),
    "worker": ("web.commands.worker:worker", "Run the background worker alone."),
    "demo": ("web.commands.demo:demo", "Serve a demo shop, with a phone to try."),
    "doctor": ("web.commands.doctor:doctor", "Say what needs a hand."),
    "db": ("web.commands.db:db", "Look after the database's schema."),
    "programme": ("web.commands.programme:programme", "Look after programmes."),
    "user": ("web.commands.user:user", "Look after people with an account."),
    "api-key": ("web.commands.api_key:api_key", "Look after API keys."),
    "certs": ("web.commands.certs:certs", "Look after Apple's certificates."),
    "google": ("web.commands.google:google", "Look after Google Wallet."),
    "pass": ("web.commands.passes:pass_", "Write and judge .pkpass files."),
    "verify-ledger": ("web.commands.verify:ledger", "Prove every balance."),
    "verify-audit": ("web.commands.verify:audit_log", "Prove the audit log."),
    "deliver": ("web.commands.deliver:deliver", "Send what wallets are owed."),
}


class _Commands(click.Group):
    """The commands, each imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name them in the order in which they are needed."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or return None when there is none of this name."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        found: click.Command = getattr(importlib.import_module(module), name)
        return found

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List them for --help without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_Commands)
@click.version_option(package_name="palier", prog_name="palier")
def main() -> None:
    """Palier: loyalty cards in Apple Wallet, on your own server.

    Settings are PALIER_* in the environment or in .env; README explains each.
    """


if __name__ == "__main__":
    main(prog_name="palier")
