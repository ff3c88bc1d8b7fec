"""The commands. Each parses its words and calls one function; nothing heavy is imported before it is needed."""

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from support_pipeline.artifacts import Store
from support_pipeline.cli.output import EXIT_RUN_FAILED, Json, clear_errors, console, errors, print_json
from support_pipeline.clients import ClientConfig, ClientRegistry, load_client
from support_pipeline.errors import ConfigError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help=__doc__)
client_app = typer.Typer(no_args_is_help=True, help="List, check and add client files.")
app.add_typer(client_app, name="client")

Client = Annotated[
    str, typer.Argument(metavar="CLIENT", help="The client's id: the name of its file in clients/.")
]


def main() -> None:
    """The console script."""
    app()


@client_app.command("list")
@clear_errors
def client_list(as_json: Json = False) -> None:
    """Every client file, and what is wrong with it."""
    rows = [_listed(path) for path in ClientRegistry.default().files()]
    if as_json:
        print_json(rows)
        return
    table = Table("client", "brand", "vendors", "cadence", "problems")
    for row in rows:
        table.add_row(
            *(str(row[name]) for name in ("client", "brand", "vendors", "cadence")),
            "\n".join(row["problems"]),
        )
    console.print(table)


def _listed(path: Path) -> dict[str, Any]:
    try:
        config = load_client(path)
    except ConfigError as error:
        return {
            "client": path.stem,
            "brand": "",
            "vendors": "",
            "cadence": "",
            "problems": list(error.problems),
        }
    return _facts(config) | {"problems": []}


def _facts(config: ClientConfig) -> dict[str, Any]:
    return {
        "client": config.id,
        "brand": config.brand,
        "vendors": ", ".join(dict.fromkeys(source.vendor for source in config.sources)),
        "cadence": config.release.cadence,
        "policies": len(config.policies),
        "base_model": config.base_model.name,
    }


@client_app.command("check")
@clear_errors
def client_check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A client's YAML file.")], as_json: Json = False
) -> None:
    """Shows every problem of a client file at once; exit code 2 when there is one."""
    config = load_client(file)
    if as_json:
        print_json(_facts(config) | {"valid": True})
        return
    console.print(f"{file}: valid ({config.brand}; {len(config.policies)} policy facts)")


@client_app.command("add")
@clear_errors
def client_add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A client's YAML file.")], as_json: Json = False
) -> None:
    """Checks a client file and puts it into the clients folder."""
    config = load_client(file)
    registry = ClientRegistry.default()
    target = registry.folder / f"{config.id}.yaml"
    if target.exists() and target.resolve() != file.resolve():
        raise ConfigError(f"client '{config.id}'", [f"{target} exists; edit that file, or remove it first"])
    registry.folder.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copyfile(file, target)
    if as_json:
        print_json(_facts(config) | {"file": str(target)})
        return
    console.print(f"added {target}. Next: support-pipeline run {config.id}")


@app.command()
@clear_errors
def run(
    client: Client,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="YYYY-MM", help="The release's month; default the last complete one."
        ),
    ] = None,
    through: Annotated[
        str | None, typer.Option("--through", metavar="STAGE", help="Stop after this stage.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Registers the client and runs its history and release; exit code 0 only if all succeeded."""
    from support_pipeline.cli.running import run_client
    from support_pipeline.cli.status import client_status, stage_table

    outcome = run_client(client, as_of, through)
    status = client_status(Store.default(), client)
    if as_json:
        print_json({**asdict(outcome), "stages": status["stages"]})
    elif outcome.success:
        console.print(stage_table(status))
    if not outcome.success:
        errors.print("[bold red]Failed[/] ", end="")
        errors.print(str(outcome.failure), markup=False)
        raise typer.Exit(EXIT_RUN_FAILED)


@app.command()
@clear_errors
def backfill(
    client: Annotated[
        str | None, typer.Argument(metavar="[CLIENT]", help="The client's id; or --all.")
    ] = None,
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="YYYY-MM", help="First month; default the start of the window."),
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM", help="Last month; default the last complete one.")
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every client that has a valid file.")] = False,
    release: Annotated[
        bool, typer.Option("--release", help="Then a release as of the last month of each client.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Makes the history of a range of months, one run a client; clients that fail do not stop the others."""
    from support_pipeline.cli.backfilling import backfill_clients, outcome_table

    outcomes = backfill_clients(client, first, last, everyone=everyone, release=release)
    if as_json:
        print_json([asdict(outcome) for outcome in outcomes])
    else:
        console.print(outcome_table(outcomes))
    if not all(outcome.success for outcome in outcomes):
        raise typer.Exit(EXIT_RUN_FAILED)


@app.command()
@clear_errors
def erase(
    client: Client,
    customer: Annotated[
        str, typer.Argument(metavar="CUSTOMER", help="The helpdesk's id of the customer (customer_id).")
    ],
    as_json: Json = False,
) -> None:
    """Removes a customer from history, decisions and releases, which are made again; writes a receipt."""
    from support_pipeline.cli.erasing import erase as erase_customer

    receipt = erase_customer(client, customer)
    if as_json:
        print_json(asdict(receipt))
    else:
        for name, value in asdict(receipt).items():
            console.print(f"{name.replace('_', ' ')}: {value}", markup=False)
    if not receipt.complete:
        errors.print("[bold red]Incomplete[/]: cure what the runs above tell, then say the same again")
        raise typer.Exit(EXIT_RUN_FAILED)


@app.command()
@clear_errors
def ask(
    client: Client,
    ticket: Annotated[str, typer.Argument(metavar="TICKET", help="The ticket's text.")],
    as_json: Json = False,
) -> None:
    """Sends one ticket through the router, on the client's live model."""
    from support_pipeline.cli.asking import ask_live

    answer = ask_live(client, ticket)
    if as_json:
        print_json(asdict(answer))
        return
    console.print(answer.response or "(no draft)", markup=False)
    console.print(
        f"\nconfidence {answer.confidence}, escalate {answer.escalate}, route {answer.route}", style="dim"
    )
    for reason in answer.reasons:
        console.print(f"- {reason}", style="dim", markup=False)


@app.command()
@clear_errors
def status(
    client: Annotated[str | None, typer.Argument(metavar="[CLIENT]")] = None, as_json: Json = False
) -> None:
    """Each client's release, verdict, live model, certificate, edits waiting and last ingestion; or one with its stages."""
    from support_pipeline.cli.status import (
        client_status,
        known_clients,
        portfolio_status,
        require_known,
        stage_table,
        status_table,
    )

    store, registry = Store.default(), ClientRegistry.default()
    if client is not None:
        require_known(store, registry, client)
        found = client_status(store, client)
        if as_json:
            print_json(found)
            return
        console.print(status_table([found]), stage_table(found))
        return
    from support_pipeline.portfolio import read_portfolio

    broken = read_portfolio(registry).broken
    rows = portfolio_status(store, known_clients(store, registry), broken)
    if as_json:
        print_json(rows)
        return
    console.print(status_table(rows))


@app.command()
@clear_errors
def explain(
    client: Client,
    ticket_id: Annotated[str, typer.Argument(metavar="TICKET_ID", help="The helpdesk's id of the ticket.")],
    as_json: Json = False,
) -> None:
    """What became of a ticket: each step with its rule, before and after."""
    from support_pipeline.cli.explaining import explain as explained
    from support_pipeline.cli.explaining import show

    found = explained(client, ticket_id)
    if as_json:
        print_json(found)
        return
    show(found, console)
