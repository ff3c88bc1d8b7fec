"""The release stages, by client and `as_of` month: jsonl_splits ... deployed_model.

A release is built from the window of months up to `as_of`, and its policies are those in force on
that month's last day, so the same release can be made again at any time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from support_pipeline.artifacts import Check, Folder, Product, Recipe, Store, product
from support_pipeline.clients import EMBEDDED_MODEL, ClientConfig
from support_pipeline.data.splits import CODE_VERSION as SPLITS_VERSION
from support_pipeline.data.splits import build_splits, check_overlap
from support_pipeline.errors import ArtifactError, PromotionError
from support_pipeline.model import adapter, base, evaluation
from support_pipeline.model.gguf import job as gguf
from support_pipeline.model.preflight import check_base
from support_pipeline.model.verdict.promotion import RouteCeiling
from support_pipeline.serving.decisions import EDIT_SCHEMA
from support_pipeline.serving.deployment import Deployment, read_deployments
from support_pipeline.serving.registering import go_live, registered, tested_deployment
from support_pipeline.stages.making import Launch, Say, Scratch, StageResult, conservation, make
from support_pipeline.stages.months import last_day, window
from support_pipeline.stages.overrides import Override, read_override
from support_pipeline.stages.remedies import Remedy, remedy

DEPLOYMENT_VERSION = "2"


@dataclass(frozen=True)
class ReleaseContext:
    """What every release stage needs: the store, the client, the month, the base model, how to speak and launch."""

    store: Store
    config: ClientConfig
    root: Path
    as_of: str
    say: Say
    launch: Launch

    def folder(self, stage: str) -> Folder:
        """This release's folder of a stage."""
        return self.store.release(self.config.id, self.as_of, stage)

    def base_folder(self) -> Path:
        """The base model's local folder."""
        choice = self.config.base_model
        return base.resolve_base(choice.name, choice.revision, root=self.root)

    def recipe(self, inputs: dict[str, str], config: dict[str, Any], code_version: str) -> Recipe:
        """A recipe of this release."""
        return Recipe(inputs=inputs, config={"client": self.config.id, **config}, code_version=code_version)


def jsonl_splits(release: ReleaseContext) -> StageResult:
    """Train, valid and test chats from the window of months, leak-safe, the test split frozen."""
    config, as_of = release.config, release.as_of
    chat = check_base(release.base_folder())  # before any work of the release
    history = _window(release)
    earlier = _earlier_splits(release)
    settings = config.model_dump(
        mode="json", include={"brand", "policies", "escalation", "evaluation", "release"}
    )
    # The others judge answers and split nothing.
    settings["evaluation"] = {
        name: settings["evaluation"][name] for name in ("test_size", "valid_share", "max_pairs")
    }
    settings["release"] = {"window_months": config.release.window_months}  # the rest says when, not what
    remedied = _remedy(release)
    for reason in remedied.reasons:
        release.say(reason)
    recipe = release.recipe(
        inputs={f"filtered_pairs {folder.period}": folder.require().fingerprint for folder in history}
        | {f"jsonl_splits {folder.period}": folder.require().fingerprint for folder in earlier},
        config={**settings, "as_of": as_of, "remedy": remedied.record()},
        code_version=SPLITS_VERSION,
    )

    def work(scratch: Scratch) -> Product:
        info = build_splits(
            config,
            [folder.local() / "pairs.parquet" for folder in history],
            as_of,
            scratch.payload,
            earlier_test_ids=_test_ids(earlier),
            today=last_day(as_of),
            shares=remedied.shares,
            progress=release.say,
        )
        counts = {name: value for name, value in info.items() if isinstance(value, int)}
        info = {**info, "months": [folder.period for folder in history], "template_sha256": chat.sha256}
        info |= {"remedy": remedied.record() | {"reached": _reached(info["kinds"]["train"])}}
        return product(counts, _split_checks(scratch.payload, history), info, {"splits": config.lora.seed})

    return make(release.store, release.folder("jsonl_splits"), recipe, work, release.say)


def _window(release: ReleaseContext) -> list[Folder]:
    months = window(release.as_of, release.config.release.window_months)
    folders = [release.store.history(release.config.id, month, "filtered_pairs") for month in months]
    present = [folder for folder in folders if folder.manifest() is not None]
    if not present:
        raise ArtifactError(
            f"client '{release.config.id}' has no filtered_pairs in {months[0]} .. {months[-1]}. "
            "Run history_job for these months first."
        )
    missing = [folder.period for folder in folders if folder not in present]
    if missing:
        release.say(f"months without filtered_pairs, left out: {', '.join(missing)}")
    return present


def _earlier_splits(release: ReleaseContext) -> list[Folder]:
    folders = [
        release.store.release(release.config.id, as_of, "jsonl_splits")
        for as_of in release.store.releases(release.config.id)
        if as_of < release.as_of
    ]
    return [folder for folder in folders if folder.manifest() is not None]


def _remedy(release: ReleaseContext) -> Remedy:
    """What the newest earlier release that was judged asks of this one."""
    for as_of in reversed(release.store.releases(release.config.id)):
        judged = release.store.release(release.config.id, as_of, "eval_report").manifest()
        if as_of < release.as_of and judged is not None:
            splits = release.store.release(release.config.id, as_of, "jsonl_splits").manifest()
            return remedy(as_of, judged.info.get("claims", []), splits.info.get("remedy") if splits else None)
    return Remedy()


def _reached(kinds: dict[str, int]) -> dict[str, float]:
    """The shares that training has in the end: there may be too few such tickets to reach the largest."""
    total = max(sum(kinds.values()), 1)
    return {name: round(kinds.get(name, 0) / total, 4) for name in ("escalate", "cannot_know")}


def _test_ids(folders: Sequence[Folder]) -> set[str]:
    found: set[str] = set()
    for folder in folders:
        index = pl.read_parquet(folder.local() / "index.parquet", columns=["split", "pair_id"])
        found |= set(index.filter(pl.col("split") == "test")["pair_id"])
    return found


def _split_checks(payload: Path, history: Sequence[Folder]) -> dict[str, Check]:
    index = pl.read_parquet(payload / "index.parquet")
    held_back = pl.read_parquet(payload / "held_back.parquet")
    came_in = sum(folder.require().counts["pairs"] for folder in history)
    parts = {split: index.filter(pl.col("split") == split).height for split in ("train", "valid", "test")}
    passed, detail = conservation(came_in, parts | {"held back": held_back.height})
    written = {split: _json_lines(payload / f"{split}.jsonl") for split in parts}
    overlap = check_overlap(payload / "index.parquet")
    return {
        "conservation": Check(
            passed=passed and written == parts, detail=f"pairs {detail}; lines written {written}"
        ),
        "no_overlap": Check(passed=not any(overlap.values()), detail=f"shared between splits: {overlap}"),
    }


def _json_lines(path: Path) -> int:
    with path.open(encoding="utf-8") as lines:
        return sum(set(json.loads(line)) == {"messages"} for line in lines)


def lora_adapter(release: ReleaseContext) -> StageResult:
    """A LoRA adapter trained on the train split, in a process of its own.

    A training that was killed goes on from its newest checkpoint.
    """
    splits, folder, base_folder = (
        release.folder("jsonl_splits"),
        release.folder("lora_adapter"),
        release.base_folder(),
    )
    config, choice, lora = release.config, release.config.base_model, release.config.lora
    recipe = release.recipe(
        inputs={"jsonl_splits": splits.require().fingerprint, "base_model": base.fingerprint(base_folder)},
        config={
            "lora": lora.model_dump(mode="json"),
            "base": choice.name,
            "revision": choice.revision,
            "policies": [fact.model_dump(mode="json") for fact in config.policies],
            "as_of": release.as_of,
        },
        code_version=adapter.CODE_VERSION,
    )

    def work(scratch: Scratch) -> Product:
        data = splits.local()
        with release.store.resumable(folder, recipe.key("lora_adapter")) as checkpoints:
            release.launch(
                "support_pipeline.model.adapter",
                adapter.AdapterJob(
                    out=scratch.payload,
                    stats=scratch.stats_file,
                    base=base_folder,
                    base_name=choice.name,
                    train=data / "train.jsonl",
                    valid=data / "valid.jsonl",
                    index=data / "index.parquet",
                    policies=config.policies,
                    today=last_day(release.as_of),
                    checkpoints=checkpoints,
                    lora=lora,
                ),
            )
        return product(*_supervision(scratch.payload), seeds={"training": lora.seed})

    return make(release.store, folder, recipe, work, release.say)


def _supervision(payload: Path) -> tuple[dict[str, int], dict[str, Check], dict[str, Any]]:
    found = json.loads((payload / "supervision.json").read_text(encoding="utf-8"))
    log = [
        json.loads(line) for line in (payload / "training_log.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    counts = {
        name: int(found[name])
        for name in (
            "examples",
            "too_long",
            "tokens",
            "supervised_tokens",
            "steps",
            "best_step",
            "other_policies",
            "flipped_answers",
        )
    } | {"repeated_corrections": sum(found["repeated"].values())}
    least, ended = found["supervised_min"], found["ends_supervised"]
    checks = {
        "supervised_tokens": Check(
            passed=counts["supervised_tokens"] > 0 and least > 0,
            detail=f"{counts['supervised_tokens']:,} tokens supervised, at least {least} in every example",
        ),
        "end_of_turn_supervised": Check(
            passed=ended == counts["examples"],
            detail=f"{ended} of {counts['examples']} examples end with a supervised end of turn",
        ),
    }
    losses = [row["loss"] for row in log if "loss" in row]
    kept = [row for row in log if "valid_loss" in row and row["step"] == found["best_step"]]
    info = {
        "first_loss": losses[0] if losses else None,
        "last_loss": losses[-1] if losses else None,
        "valid_loss": kept[-1]["valid_loss"] if kept else None,
        "flip_compliance": kept[-1].get("flip_compliance") if kept else None,
        "stopped_early": found["steps"] < found["planned_steps"],
        "supervised_per_example": {name: found[f"supervised_{name}"] for name in ("min", "median", "max")},
        "repeated": found["repeated"],
        "flips_refused": found["flips_refused"],
        "template_sha256": found["template_sha256"],
    }
    return counts, checks, info


def eval_report(release: ReleaseContext) -> StageResult:
    """Every held-out ticket answered and scored 3/2/1, compared with the champion, and the decision."""
    splits, trained, folder = (
        release.folder("jsonl_splits"),
        release.folder("lora_adapter"),
        release.base_folder(),
    )
    config = release.config
    deployed = read_deployments(release.store, config.id)
    champion = deployed.champion(release.as_of) if deployed else None
    champion_adapter = release.store.release(config.id, champion.as_of, "lora_adapter") if champion else None
    judge = config.evaluation.judge
    labels = release.root / judge.labels if judge and judge.labels else None
    recipe = release.recipe(
        inputs={
            "jsonl_splits": splits.require().fingerprint,
            "lora_adapter": trained.require().fingerprint,
            "champion": champion_adapter.require().fingerprint if champion_adapter else "",
        },
        config=config.model_dump(mode="json", include={"policies", "escalation", "evaluation"})
        | {
            "as_of": release.as_of,
            "champion": champion.as_of if champion else "",
            "labels": _digest_of(labels),
        },
        code_version=evaluation.CODE_VERSION,
    )

    def work(scratch: Scratch) -> Product:
        data = splits.local()
        with release.store.resumable(release.folder("eval_report"), recipe.key("eval_report")) as answers:
            release.launch(
                "support_pipeline.model.evaluation",
                evaluation.EvaluationJob(
                    out=scratch.payload,
                    stats=scratch.stats_file,
                    client=config.id,
                    brand=config.brand,
                    as_of=release.as_of,
                    base=folder,
                    adapter=trained.local(),
                    champion=champion_adapter.local() if champion_adapter else None,
                    champion_as_of=champion.as_of if champion else None,
                    chats=data / "test.jsonl",
                    index=data / "index.parquet",
                    policies=config.policies,
                    today=last_day(release.as_of),
                    teams=config.escalation.names(),
                    evaluation=config.evaluation,
                    answers=answers,
                    labels=labels,
                ),
            )
        summary = json.loads((scratch.payload / "summary.json").read_text(encoding="utf-8"))
        answered, expected = summary["counts"]["answered"], splits.require().counts["test"]
        checks = {
            "every_ticket_scored": Check(
                passed=answered == expected, detail=f"{answered} of {expected} held-out tickets scored"
            )
        }
        return product(summary["counts"], checks, {**summary["info"], "promotion": summary["promotion"]})

    return make(release.store, release.folder("eval_report"), recipe, work, release.say)


def _digest_of(file: Path | None) -> str:
    """The digest of a file's content, "" where there is none (the job says so)."""
    return sha256(file.read_bytes()).hexdigest() if file is not None and file.is_file() else ""


def gguf_artifact(release: ReleaseContext) -> StageResult:
    """The adapter merged into the base model, converted, quantised, and proven equal in llama.cpp."""
    splits, trained, folder = (
        release.folder("jsonl_splits"),
        release.folder("lora_adapter"),
        release.base_folder(),
    )
    config, judged = release.config, release.folder("eval_report")
    recipe = release.recipe(
        inputs={
            "jsonl_splits": splits.require().fingerprint,
            "lora_adapter": trained.require().fingerprint,
            "base_model": base.fingerprint(folder),
            "eval_report": judged.require().fingerprint,
        },
        config={
            "quantisation_loss": config.evaluation.quantisation_loss,
            "least_stop_rate": config.evaluation.least_stop_rate,
            "base_model": config.base_model.model_dump(mode="json"),
            "context_tokens": config.serving.context_tokens,
            "max_answer_tokens": config.evaluation.max_answer_tokens,
            "as_of": release.as_of,
        },
        code_version=gguf.CODE_VERSION,
    )

    def work(scratch: Scratch) -> Product:
        release.launch(
            "support_pipeline.model.gguf.job",
            gguf.GgufJob(
                out=scratch.payload,
                stats=scratch.stats_file,
                client=config.id,
                as_of=release.as_of,
                base=folder,
                base_name=config.base_model.name,
                adapter=trained.local(),
                chats=splits.local() / "test.jsonl",
                quantisation=config.base_model.quantisation,
                least_stop_rate=config.evaluation.least_stop_rate,
                licence=config.base_model.licence or _own_licence(config.base_model.name),
                calibration=splits.local() / "train.jsonl" if config.base_model.importance else None,
                converter=release.root / config.base_model.converter if config.base_model.converter else None,
                context_tokens=config.serving.context_tokens,
                max_answer_tokens=config.evaluation.max_answer_tokens,
                judged=gguf.Judged(
                    answers=judged.local() / "answers.jsonl",
                    index=splits.local() / "index.parquet",
                    brand=config.brand,
                    policies=config.policies,
                    today=last_day(release.as_of),
                    teams=config.escalation.names(),
                    loss=config.evaluation.quantisation_loss,
                ),
            ),
        )
        proof = json.loads((scratch.payload / "parity.json").read_text(encoding="utf-8"))
        checks = {name: Check.model_validate(check) for name, check in proof["checks"].items()}
        return product(proof["counts"], checks, proof["info"])

    return make(release.store, release.folder("gguf_artifact"), recipe, work, release.say)


def _own_licence(base_name: str) -> str:
    """The embedded model comes under this project's licence; any other's is read from its folder."""
    return "apache-2.0" if base_name == EMBEDDED_MODEL else ""


def deployed_model(release: ReleaseContext) -> StageResult:
    """The release live in the engine, if its decision says so; the previous one is kept for rollback.

    Raises:
        PromotionError: the decision is against it; what is live stays live.
    """
    report, model = release.folder("eval_report"), release.folder("gguf_artifact")
    decided = _decided(release)
    made, trained = model.verify(), release.folder("lora_adapter")
    config = release.config
    deployment = Deployment(
        client=config.id,
        as_of=release.as_of,
        version=f"{config.id}:{release.as_of}-{made.fingerprint[:12]}",
        fingerprint=made.fingerprint,
        gguf=made.info["file"],
        quantisation=made.info["quantisation"],
        template_sha256=made.info["template_sha256"],
        route_ceiling=decided.route_ceiling,
        adapter=trained.require().fingerprint,
        engine=config.serving.engine,
        shared_base=base.fingerprint(release.base_folder()) if config.serving.base == "shared" else "",
    )
    recipe = release.recipe(
        inputs={"gguf_artifact": made.fingerprint, "eval_report": report.require().fingerprint},
        config={
            "deployment": deployment.model_dump(mode="json"),
            "serving": config.serving.model_dump(mode="json"),
            "decision": decided.reason,
        },
        code_version=DEPLOYMENT_VERSION,
    )

    def work(scratch: Scratch) -> Product:
        ready = registered(
            release.store, config, deployment, release.base_folder(), trained.local(), release.say
        )
        tested = tested_deployment(release.store, config, ready, scratch.root / "engine.log")
        whole = ready.model_copy(update={"canaries": tested.canaries})
        (scratch.payload / "deployment.json").write_text(whole.model_dump_json(indent=1), encoding="utf-8")
        return product(
            {},
            tested.checks,
            {
                **ready.model_dump(mode="json"),
                "decision": decided.reason,
                "override": decided.override.model_dump(mode="json") if decided.override else None,
            },
        )

    folder = release.folder("deployed_model")
    result = make(release.store, folder, recipe, work, release.say)
    if not result.manifest.failed_checks():
        whole = Deployment.model_validate_json(
            (folder.local() / "deployment.json").read_text(encoding="utf-8")
        )
        go_live(release.store, config, whole)
        release.say(f"live: {whole.version}")
        _certify_once(release, whole)
    return result


@dataclass(frozen=True)
class _Decided:
    """Who put the release live: the gate, or a person over the gate's head (then for approval only)."""

    reason: str
    route_ceiling: RouteCeiling
    override: Override | None = None


def _decided(release: ReleaseContext) -> _Decided:
    """The decision that lets the release go live.

    Raises:
        PromotionError: there is none, a newer release is live, or it was decided against another champion.
    """
    report, client = release.folder("eval_report"), release.config.id
    manifest = report.require()
    decision = manifest.info.get("promotion")
    if not decision:
        raise ArtifactError(
            f"{report.path}: its manifest carries no promotion decision. Materialize eval_report again."
        )
    deployed = read_deployments(release.store, client)
    if deployed is not None and release.as_of < deployed.live.as_of:
        raise PromotionError(
            f"release {release.as_of} of '{client}' is not promoted: it is older than the live one "
            f"({deployed.live.as_of}), which it cannot replace."
        )
    champion = deployed.champion(release.as_of) if deployed else None
    beaten = release.store.release(client, champion.as_of, "lora_adapter") if champion else None
    if manifest.inputs.get("champion", "") != (beaten.require().fingerprint if beaten else ""):
        raise PromotionError(
            f"release {release.as_of} of '{client}' was judged against another champion than the live one "
            f"({champion.as_of if champion else 'none'}). Materialize eval_report again."
        )
    if decision["promote"]:
        return _Decided(decision["reason"], decision["route_ceiling"])
    overridden = read_override(release.store, client, release.as_of, manifest.fingerprint)
    if overridden is None:
        raise PromotionError(
            f"release {release.as_of} of '{client}' is not promoted: {decision['reason']}. "
            f"What is live stays live; see the report in {report.path}. A person may decide otherwise: "
            f"support-pipeline promote {client} {release.as_of} --by NAME --reason TEXT"
        )
    release.say(overridden.sentence())
    return _Decided(overridden.sentence(), "approve", overridden)


def _certify_once(release: ReleaseContext, deployment: Deployment) -> None:
    """The certificate of a new model, from its validation tickets; later ones also know agents' decisions."""
    from support_pipeline.serving.confidence import read_certificate
    from support_pipeline.stages.certifying import certify_deployment, only_model

    if read_certificate(release.store, release.config.id, deployment.fingerprint) is not None:
        return
    with only_model(release.store, release.config, deployment) as asking:
        approvals = pl.DataFrame(schema=EDIT_SCHEMA)
        certify_deployment(release.store, release.config, deployment, asking, approvals, release.say)
