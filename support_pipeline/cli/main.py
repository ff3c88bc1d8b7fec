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
        print_json(answer.contract())
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


@app.command()
@clear_errors
def report(
    client: Client,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="YYYY-MM", help="The release; default the newest judged one."),
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option("--compare", metavar="A B", help="Two releases side by side, B against A."),
    ] = None,
    as_json: Json = False,
) -> None:
    """What the evaluation of a release found; opens its page where there is a screen."""
    from support_pipeline.cli import reporting
    from support_pipeline.cli.status import require_known

    store = Store.default()
    require_known(store, ClientRegistry.default(), client)
    if compare is not None:
        found = reporting.compared(*(reporting.report_folder(store, client, month) for month in compare))
        if as_json:
            print_json(found)
        else:
            reporting.show_compared(found, console)
        return
    shown = reporting.load_report(store, reporting.report_folder(store, client, as_of))
    if as_json:
        print_json(shown)
        return
    reporting.show_report(shown, console)
    reporting.open_page(Path(shown["page"]))


@app.command()
@clear_errors
def rollback(
    client: Client,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="YYYY-MM", help="The release to go back to; default the one before."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Puts an earlier version of a client's model live again."""
    from support_pipeline.serving.rollback import rollback as roll_back

    changed = roll_back(Store.default(), ClientRegistry.default().load(client), to, errors.print)
    if as_json:
        print_json(changed.model_dump(mode="json"))
        return
    console.print(f"live: {changed.live.version}", markup=False)


@app.command()
@clear_errors
def plan(
    client: Client,
    power: Annotated[
        float, typer.Option("--power", help="The share of tests that shall prove a true claim.")
    ] = 0.8,
    as_json: Json = False,
) -> None:
    """How many held-out tickets each of the client's targets needs."""
    from support_pipeline.cli import reporting

    rows = reporting.planned(client, power)
    if as_json:
        print_json(rows)
        return
    console.print(reporting.plan_table(rows, power))


@app.command()
@clear_errors
def promote(
    client: Client,
    as_of: Annotated[str, typer.Argument(metavar="YYYY-MM", help="The release that the gate refused.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why the gate is overridden.")],
    as_json: Json = False,
) -> None:
    """Overrides the gate for one release, with a name and a reason that are kept; its drafts wait for approval."""
    from support_pipeline.cli.status import require_known
    from support_pipeline.stages.months import parse_month
    from support_pipeline.stages.overrides import override

    require_known(Store.default(), ClientRegistry.default(), client)
    made = override(Store.default(), client, parse_month(as_of), by=by, reason=reason)
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    console.print(made.sentence(), markup=False)
    console.print(f"Next: support-pipeline run {client} --as-of {as_of}", markup=False)


@app.command()
@clear_errors
def certify(client: Client, as_json: Json = False) -> None:
    """Proves from which score on the live model's drafts may be sent, and prints the promise."""
    from support_pipeline.cli.certifying import certify_live

    certificate = certify_live(client, errors.print)
    if as_json:
        print_json(certificate.model_dump(mode="json", exclude={"novelty", "reference"}))
        return
    console.print(certificate.sentence(), markup=False)


@app.command()
@clear_errors
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port.")] = 8080,
    url: Annotated[str, typer.Option(help="Where people reach the page, as https://desk.example.com.")] = "",
    hold: Annotated[float, typer.Option(help="Seconds in which a decision can be undone.")] = 10.0,
    answers: Annotated[int, typer.Option(help="Tickets that are answered at once.")] = 1,
    worker: Annotated[bool, typer.Option(help="Also start the worker and its engines.")] = True,
) -> None:
    """The router, the approval page, the worker and the engines, until Ctrl+C."""
    from support_pipeline.cli.serving import Serving
    from support_pipeline.cli.serving import serve as served

    served(Serving(host, port, url, hold, answers, worker))


@app.command()
@clear_errors
def simulate(
    client: Client,
    tickets: Annotated[int, typer.Option("--tickets", min=1, help="How many held-out tickets.")] = 50,
    as_json: Json = False,
) -> None:
    """Plays held-out tickets through the live router and a scripted agent, so that decisions appear."""
    from support_pipeline.cli.simulating import simulate_live

    found = simulate_live(client, tickets, lambda line: errors.print(line, style="dim", markup=False))
    if as_json:
        print_json(asdict(found))
        return
    table = Table(
        "what", "count", title=f"{found.tickets} simulated tickets of {client}", title_justify="left"
    )
    for name, counts in {"route": found.routes, "decision": found.actions, "about": found.kinds}.items():
        for what, count in sorted(counts.items()):
            table.add_row(f"{name}: {what}", str(count))
    console.print(table)
    console.print(f"The decisions are in the log of {found.month}: agent_edits of that month reads them.")


user_app = typer.Typer(no_args_is_help=True, help="Who may work on the approval page.")
key_app = typer.Typer(no_args_is_help=True, help="API keys of clients.")
app.add_typer(user_app, name="user")
app.add_typer(key_app, name="key")


@user_app.command("add")
@clear_errors
def user_add(
    email: Annotated[str, typer.Argument(metavar="EMAIL")],
    role: Annotated[str, typer.Option(help="agent or admin.")] = "agent",
    clients: Annotated[
        list[str] | None, typer.Option("--client", help="A client that an agent sees.")
    ] = None,
    name: Annotated[str, typer.Option(help="The name shown.")] = "",
    oidc: Annotated[bool, typer.Option("--oidc", help="No password: signs in by OIDC only.")] = False,
) -> None:
    """Adds somebody, or changes them; the password is asked for."""
    from support_pipeline.cli.access import add_user

    password = None if oidc else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    add_user(email, role, clients or [], name, password)
    console.print(f"{email} may sign in as {role}", markup=False)


@user_app.command("list")
@clear_errors
def user_list(as_json: Json = False) -> None:
    """Everybody who may sign in, or once could."""
    from support_pipeline.cli.access import users

    rows = users()
    if as_json:
        print_json(rows)
        return
    table = Table("e-mail", "name", "role", "clients", "active")
    for row in rows:
        table.add_row(
            row["email"], row["name"], row["role"], ", ".join(row["clients"]) or "all", str(row["active"])
        )
    console.print(table)


@user_app.command("remove")
@clear_errors
def user_remove(email: Annotated[str, typer.Argument(metavar="EMAIL")]) -> None:
    """Locks somebody out at once."""
    from support_pipeline.cli.access import remove_user

    remove_user(email)
    console.print(f"{email} can no longer sign in", markup=False)


@key_app.command("add")
@clear_errors
def key_add(
    client: Client,
    name: Annotated[str, typer.Option(help="What it is for.")] = "api",
    days: Annotated[int | None, typer.Option(min=1, help="Days until it ends; never without it.")] = None,
    as_json: Json = False,
) -> None:
    """Makes an API key; it is shown this once."""
    from support_pipeline.cli.access import add_client_key

    key = add_client_key(client, name, days)
    if as_json:
        print_json({"client": client, "name": name, "key": key})
        return
    console.print(key, markup=False)


@key_app.command("list")
@clear_errors
def key_list(as_json: Json = False) -> None:
    """The keys, without what would let anybody use them."""
    from support_pipeline.cli.access import client_keys

    rows = client_keys()
    if as_json:
        print_json(rows)
        return
    table = Table("id", "client", "name", "created", "expires", "revoked")
    for row in rows:
        table.add_row(
            *(str(row[n])[:19] for n in ("id", "client", "name", "created_at", "expires_at", "revoked_at"))
        )
    console.print(table)


@key_app.command("revoke")
@clear_errors
def key_revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The id that `key list` shows.")],
) -> None:
    """Ends a key."""
    from support_pipeline.cli.access import revoke_client_key

    revoke_client_key(key_id)
    console.print(f"key {key_id} has ended", markup=False)
