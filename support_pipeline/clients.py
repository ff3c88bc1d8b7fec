"""Client configuration: one YAML a client, parsed once into a strict frozen model.

Every problem of a file is shown at once, with its place and the cure. Relative paths in a client's
YAML are read from the project's root, the folder that holds `clients/`.
"""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from support_pipeline.errors import ConfigError
from support_pipeline.policies import PolicyBook, PolicyFact

CLIENT_ID = r"^[a-z0-9][a-z0-9-]{0,62}$"
EMBEDDED_MODEL = "embedded"
TINY_DEFAULTS: dict[str, dict[str, Any]] = {
    "lora": {"learning_rate": 0.006, "dropout": 0.1, "epochs": 5, "batch_size": 8},
    "evaluation": {"against_base": False, "least_stop_rate": 0.8},
}
"""Settings of clients of the embedded model that do not say otherwise: an 8B model would diverge at its learning
rate, and bare it has read nothing but chats with policies, while an adapter must also learn a client's way to speak. It is too
small for long answers: some run in circles, and a person sees every draft."""

SAFE_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's safe loader where it is there: a portfolio's files are read at every sensor tick."""

HumanReason = Literal[
    "fraud_dispute", "policy_exception", "emotional_escalation", "multi_issue", "needs_human"
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Api(_Section):
    """A vendor's API. Secrets are named here (environment variables), never written.

    Give `subdomain` (as in https://SUBDOMAIN.zendesk.com) or `base_url` (another region); Intercom
    needs neither. `start` is the first day to fetch; `drop` is the folder that fetched tickets land in.
    `reply_as` is who answers are written by: Intercom's admin id, Gorgias' mailbox, a Zendesk agent's id.
    """

    token_env: Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")]
    email_env: Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")] | None = None
    subdomain: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")] | None = None
    base_url: Annotated[str, Field(pattern=r"^https?://[^/\s@]+/?$")] | None = None
    start: date = date(2000, 1, 1)
    drop: str | None = None
    reply_as: Annotated[str, Field(min_length=1)] | None = None


class Webhook(_Section):
    """A helpdesk's webhook. `secret_env` names the variable of its secret, or of several with commas between.

    Zendesk and Intercom sign with it; Gorgias and Freshdesk send it in the header `header`.
    """

    secret_env: Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")]
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] = "X-Webhook-Secret"


class Source(_Section):
    """Where a client's tickets come from: a vendor, and exactly one of `path` and `api`.

    `path` is a file, a folder that grows, or a glob; `api` is fetched into a folder by `data.sync`.
    """

    vendor: str
    path: Annotated[str, Field(min_length=1)] | None = None
    api: Api | None = None
    webhook: Webhook | None = None

    @field_validator("vendor")
    @classmethod
    def _known_vendor(cls, value: str) -> str:
        from support_pipeline.data.exports import READERS  # the readers load an HTML parser

        if value not in READERS:
            raise ValueError(f"unknown vendor; known: {', '.join(READERS)}")
        return value

    @model_validator(mode="after")
    def _one_way_in(self) -> "Source":
        if (self.path is None) == (self.api is None):
            raise ValueError("give exactly one of path (a file, folder or glob) and api")
        if self.webhook and not self.api and self.vendor in ("gorgias", "freshdesk"):
            raise ValueError("its webhook is not signed, so the ticket is fetched by API: give api as well")
        return self

    def files(self, client: str) -> str:
        """The path that holds the source's files: its own, or the folder that its API lands in."""
        if self.path is not None:
            return self.path
        return (self.api and self.api.drop) or f"drops/{client}/{self.vendor}"


class Escalation(_Section):
    """Who takes over: a default team, and other teams by reason."""

    default: Annotated[str, Field(min_length=1, pattern=r"^[^\[\]\n]+$")] = "Senior Support"
    teams: Mapping[HumanReason, Annotated[str, Field(min_length=1, pattern=r"^[^\[\]\n]+$")]] = {}

    def team(self, reason: str) -> str:
        """The team for a reason."""
        return dict(self.teams).get(reason, self.default)  # type: ignore[call-overload, no-any-return]

    def names(self) -> tuple[str, ...]:
        """Every team, the default one first."""
        return tuple(dict.fromkeys([self.default, *self.teams.values()]))


class FilterRules(_Section):
    """The client's own rules, tried before any learned model: tag or RE2 pattern to a reason."""

    tags: Mapping[str, str] = {}
    patterns: Mapping[str, str] = {}
    cannot_know_answer: str | None = None


class BaseModelChoice(_Section):
    """The base model: `embedded` (tiny, offline), a local folder, or a hub id with a revision.

    `importance` measures on training chats which weights quantisation must spare. `licence` is read from the
    model's own folder when it is not given; `converter` is the path of llama.cpp's convert_hf_to_gguf.py.
    """

    name: Annotated[str, Field(min_length=1)] = EMBEDDED_MODEL
    revision: str | None = None
    quantisation: Literal["F16", "Q8_0", "Q5_K_M", "Q4_K_M"] = "Q8_0"
    importance: bool = False
    licence: str | None = None
    converter: str | None = None


class EditWeights(_Section):
    """How often a corrected answer is learned, by what the agent put right; 1 is as often as any other."""

    tone: Annotated[float, Field(gt=0, le=20)] = 1.5
    fact: Annotated[float, Field(gt=0, le=20)] = 3.0
    policy: Annotated[float, Field(gt=0, le=20)] = 3.0
    missing_step: Annotated[float, Field(gt=0, le=20)] = 2.0
    escalation: Annotated[float, Field(gt=0, le=20)] = 2.0


Choice = Literal["auto", "always", "never"]


class Lora(_Section):
    """LoRA and optimiser settings; the defaults suit one to three thousand short pairs and models of some 8B weights.

    `other_policies_share` of the examples state other policy values than the client's, in system message
    and answer alike. `precision` and `gradient_checkpointing` follow the machine when `auto`; `packing` (chats of one system
    message share it in a row) is done unless it is `never`.
    `patience` is the number of evaluations without improvement after which training ends early.
    """

    rank: Annotated[int, Field(ge=1, le=256)] = 16
    alpha: Annotated[int, Field(ge=1, le=1024)] = 32
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    target_modules: str | tuple[str, ...] = "all-linear"
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 2e-4
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup_share: Annotated[float, Field(ge=0, lt=1)] = 0.03
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    epochs: Annotated[float, Field(gt=0, le=50)] = 3
    batch_size: Annotated[int, Field(ge=1, le=1024)] = 16
    max_tokens: Annotated[int, Field(ge=64, le=131072)] = 2048
    other_policies_share: Annotated[float, Field(ge=0, lt=1)] = 0.4
    edit_weights: EditWeights = EditWeights()
    precision: Literal["auto", "16bit", "4bit"] = "auto"
    packing: Choice = "auto"
    gradient_checkpointing: Choice = "auto"
    patience: Annotated[int, Field(ge=1)] | None = 2
    checkpoint_steps: Annotated[int, Field(ge=1)] = 50
    seed: int = 17


class Release(_Section):
    """When the client's model is made again, and from how many months of history.

    Due when the cadence has elapsed and there are enough new edits; sooner when agents approve less than
    `min_approval_share` or a policy change makes more than `max_stale_pairs` trained pairs stale.
    """

    cadence: Literal["monthly", "quarterly"] = "quarterly"
    min_new_edits: Annotated[int, Field(ge=0)] = 200
    min_approval_share: Annotated[float, Field(gt=0, le=1)] | None = None
    max_stale_pairs: Annotated[int, Field(ge=0)] | None = None
    window_months: Annotated[int, Field(ge=1, le=60)] = 18
    lookback_months: Annotated[int, Field(ge=1, le=60)] | None = None


class Targets(_Section):
    """What the held-out tickets must show (share of answers)."""

    fully_correct: Annotated[float, Field(gt=0, le=1)] = 0.80
    wrong: Annotated[float, Field(ge=0, lt=1)] = 0.05
    policy_accuracy: Annotated[float, Field(gt=0, le=1)] = 0.90
    escalation_accuracy: Annotated[float, Field(gt=0, le=1)] = 0.90
    hallucination: Annotated[float, Field(ge=0, lt=1)] = 0.05
    flip_compliance: Annotated[float, Field(gt=0, le=1)] = 0.90
    stale_leak: Annotated[float, Field(ge=0, lt=1)] = 0.02


class Margins(_Section):
    """How many points a release might lose against the champion, at worst, and still be promoted."""

    fully_correct: Annotated[float, Field(ge=0, lt=1)] = 0.05
    wrong: Annotated[float, Field(ge=0, lt=1)] = 0.05


class Endpoint(_Section):
    """A chat model behind an OpenAI-compatible address, such as http://localhost:8080/v1.

    The key is named here (an environment variable), never written.
    """

    base_url: Annotated[str, Field(pattern=r"^https?://[^\s@]+$")]
    model: Annotated[str, Field(min_length=1)]
    api_key_env: Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")] | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60
    parallel: Annotated[int, Field(ge=1, le=64)] = 4


class Judge(_Section):
    """Who scores what the layers leave open: an endpoint, or (without one) the client's own base model.

    `labels` is a JSONL file of answers that people scored. The judge counts only where its agreement
    with them is proven to be at least `agreement`.
    """

    endpoint: Endpoint | None = None
    labels: Annotated[str, Field(min_length=1)] | None = None
    agreement: Annotated[float, Field(gt=0, lt=1)] = 0.80


class Evaluation(_Section):
    """The held-out split, whom and what it is compared with, and the targets.

    `policy_flips` tickets are asked again under other policy values. `quantisation_loss` is the share
    of answers that may score lower in the GGUF than before it was quantised, `least_stop_rate` the share
    that must end by themselves.
    """

    test_size: Annotated[int, Field(ge=1, le=5000)] = 175
    valid_share: Annotated[float, Field(gt=0, lt=0.5)] = 0.08
    max_pairs: Annotated[int, Field(ge=20)] = 3000
    max_answer_tokens: Annotated[int, Field(ge=8, le=4096)] = 256
    policy_flips: Annotated[int, Field(ge=0, le=20000)] = 299
    quantisation_loss: Annotated[float, Field(ge=0, lt=1)] = 0.05
    least_stop_rate: Annotated[float, Field(gt=0, le=1)] = 0.995
    against_base: bool = True
    hosted: Endpoint | None = None
    judge: Judge | None = None
    targets: Targets = Targets()
    margins: Margins = Margins()


class Routing(_Section):
    """What happens to a draft: `approve` queues everything, `auto` may send what is certified.

    The certificate promises that at most `alpha` of the tickets are answered wrongly and sent, with
    confidence 1 - `delta`; `audit_rate` of what could be sent is reviewed all the same.
    """

    mode: Literal["approve", "auto"] = "approve"
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    delta: Annotated[float, Field(gt=0, lt=0.5)] = 0.10
    audit_rate: Annotated[float, Field(ge=0.01, le=1)] = 0.05


class Serving(_Section):
    """The engine that answers, and its context length in tokens.

    `llama.cpp` is embedded, `llama-server` the operator's own binary, `ollama` a server at `url`. With
    `base: shared` the client is a LoRA on a base model that all such clients have in memory once.
    """

    engine: Literal["llama.cpp", "llama-server", "ollama"] = "llama.cpp"
    context_tokens: Annotated[int, Field(ge=256)] = 4096
    base: Literal["merged", "shared"] = "merged"
    url: Annotated[str, Field(pattern=r"^https?://[^/\s@]+/?$")] = "http://127.0.0.1:11434"

    @model_validator(mode="after")
    def _ollama_is_merged(self) -> "Serving":
        if self.engine == "ollama" and self.base == "shared":
            raise ValueError("ollama serves merged models only; use base: merged, or another engine")
        return self


class ClientConfig(_Section):
    """Everything the pipeline needs to know about one client."""

    id: Annotated[str, Field(pattern=CLIENT_ID)]
    brand: Annotated[str, Field(min_length=1)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    contacts: tuple[str, ...] = ()
    policies: tuple[PolicyFact, ...] = ()
    escalation: Escalation = Escalation()
    filters: FilterRules = FilterRules()
    base_model: BaseModelChoice = BaseModelChoice()
    lora: Lora = Lora()
    release: Release = Release()
    evaluation: Evaluation = Evaluation()
    routing: Routing = Routing()
    serving: Serving = Serving()

    @model_validator(mode="before")
    @classmethod
    def _tiny_model_differs(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        chosen = values.get("base_model", EMBEDDED_MODEL)
        name = chosen.get("name", EMBEDDED_MODEL) if isinstance(chosen, dict) else chosen
        if name != EMBEDDED_MODEL:
            return values
        given = {section: values.get(section, {}) for section in TINY_DEFAULTS}
        return values | {
            section: TINY_DEFAULTS[section] | found
            for section, found in given.items()
            if isinstance(found, dict)
        }

    @field_validator("base_model", mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _policies_agree(self) -> "ClientConfig":
        PolicyBook(facts=self.policies)
        return self

    @property
    def book(self) -> PolicyBook:
        """The client's policy book; one object, since it is compiled once for reading."""
        return _book(self.policies)


@lru_cache(maxsize=64)
def _book(facts: tuple[PolicyFact, ...]) -> PolicyBook:
    return PolicyBook(facts=facts)


@dataclass(frozen=True)
class ClientRegistry:
    """The folder of client files."""

    folder: Path

    @classmethod
    def default(cls) -> "ClientRegistry":
        """The folder named by SUPPORT_PIPELINE_CLIENTS, `./clients` without it."""
        return cls(Path(os.environ.get("SUPPORT_PIPELINE_CLIENTS", "clients")))

    @property
    def root(self) -> Path:
        """Where relative paths of the client files start."""
        return self.folder.resolve().parent

    def files(self) -> list[Path]:
        """The client files, sorted by name."""
        return sorted(path for path in self.folder.glob("*.y*ml") if path.suffix in (".yaml", ".yml"))

    def load(self, client: str) -> ClientConfig:
        """One client by id.

        Raises:
            ConfigError: no such client, or its file has problems (all of them).
        """
        for path in (self.folder / f"{client}.yaml", self.folder / f"{client}.yml"):
            if path.exists():
                file = path.stat()
                return _unchanged(path, file.st_mtime_ns, file.st_size)
        known = [path.stem for path in self.files()]
        near = difflib.get_close_matches(client, known, n=1)
        hint = f"Did you mean '{near[0]}'? " if near else ""
        raise ConfigError(
            f"client '{client}'",
            [f"no file {self.folder / (client + '.yaml')}. {hint}Known: {', '.join(known) or 'none'}"],
        )


@lru_cache(maxsize=256)
def _unchanged(path: Path, _changed_at: int, _size: int) -> ClientConfig:
    """A file that was read before: servers ask for a client at every ticket."""
    return load_client(path)


def load_client(path: Path) -> ClientConfig:
    """A client file as a frozen model.

    Raises:
        ConfigError: with every problem of the file.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE_LOADER)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [f"cannot be read: {error}"]) from error
    except yaml.YAMLError as error:
        raise ConfigError(str(path), [f"is not YAML: {' '.join(str(error).split())}"]) from error
    if not isinstance(content, dict):
        raise ConfigError(str(path), ["holds no settings; start from clients/demo-outfitters.yaml"])
    try:
        config = ClientConfig.model_validate(content)
    except ValidationError as error:
        raise ConfigError(str(path), [_explain(problem) for problem in error.errors()]) from error
    if config.id != path.stem:
        raise ConfigError(
            str(path), [f"id '{config.id}' and file name differ; name the file {config.id}{path.suffix}"]
        )
    return config


def _explain(problem: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in problem["loc"]) or "file"
    if problem["type"] == "extra_forbidden":
        return f"{place}: unknown setting{_nearest(problem['loc'])}"
    if problem["type"] == "missing":
        return f"{place}: is required"
    given = f" (given: {problem['input']!r})" if isinstance(problem["input"], str | int | float) else ""
    return f"{place}: {problem['msg']}{given}"


def _nearest(place: tuple[str | int, ...]) -> str:
    sections: dict[str, type[BaseModel]] = {
        name: field.annotation
        for name, field in ClientConfig.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    } | {
        "sources": Source,
        "api": Api,
        "webhook": Webhook,
        "policies": PolicyFact,
        "edit_weights": EditWeights,
        "targets": Targets,
        "margins": Margins,
        "judge": Judge,
        "hosted": Endpoint,
        "endpoint": Endpoint,
    }
    parents = [part for part in place[:-1] if isinstance(part, str)]
    model = sections.get(parents[-1], ClientConfig) if parents else ClientConfig
    near = difflib.get_close_matches(str(place[-1]), list(model.model_fields), n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(model.model_fields)}"
