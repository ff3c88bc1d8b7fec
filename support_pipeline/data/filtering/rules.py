"""Layer two: the client's own tags and patterns, and the built-in RE2 rules.

Built-in rules are high in precision on e-commerce tickets and say nothing when in doubt; ranking
what is left is the learned model's part. Each rule reads one side of the conversation only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from support_pipeline.clients import FilterRules
from support_pipeline.data.filtering.patterns import PatternSet, compiled, quoted
from support_pipeline.data.filtering.reasons import REASONS, Reason, is_reason
from support_pipeline.data.filtering.turns import sentences
from support_pipeline.data.remembering import remembered
from support_pipeline.errors import ConfigError

_PAYMENT = (
    r"(charges?|payments?|purchases?|transactions?|withdrawals?|direct debits?|orders?|debits?|transfers?)"
)

CUSTOMER = PatternSet.of(
    {
        "not_support": (
            r"\b(guest post|link building|backlinks?|seo (services?|audit|agency|expert)|rank(ing)? (higher )?on google|"
            r"domain authority|web ?design services|increase your (traffic|sales|followers)|lead generation)\b",
            r"\b(we|i) (offer|provide|specialise in|specialize in) [^.]*\b(services|solutions) (to|for) "
            r"(businesses|companies|brands|your (company|business|brand|store|website))\b",
            r"\b(sponsor(ed|ship)? (post|opportunit|proposal)|influencer (collab|partnership)|collaborat(e|ion) with your brand|"
            r"brand ambassador program|media kit|rate card)\b",
            r"\b(apply(ing)? for (the|a|any) [^.]*(position|job|role|vacancy)|my (cv|resume|résumé)\b[^.]*\battached|"
            r"attached (is )?my (cv|resume|résumé)|job (opening|vacanc))",
            r"\b(we are|i run|i own|i represent|from) an? (\w+ ){0,3}agency\b|\b(first page|top) of (the )?(google|search)( results)?\b|\bsearch ranking\b|"
            r"\bdomain (name )?(will )?(soon )?expires?\b|\bnew (buyers|leads)\b|\be-?mail lists? for\b|\bunsubscribe here\b",
            r"\b(include|feature|list|add|promote) (you|your (brand|shop|store|company|products?))\b[^.?!]*\b(guide|directory|magazine|catalog(ue)?|"
            r"blog|podcast|newsletter|list)\b|\ba placement costs?\b",
            r"\b(channel|page|blog|account|profile) with (over |about |more than )?[\d.,]+ ?[km]? ?(followers|subscribers|readers)\b|"
            r"\b(would|want|like|love|looking) to collaborate\b|\bin exchange for (free )?(samples?|products?|gear|exposure|a review)\b",
            r"\b(are you|do you|is your \w+) (\w+ )?hiring\b|\bapplication for (your|the|an?|my) (\w+ ){0,2}(internship|job|position|role|vacancy)\b|"
            r"\b(send|attach|submit)(ed|ing)? (you )?my (cv|resume|résumé)\b|\bsummer job\b",
            r"\b(school|university|college|student|class|research|term|seminar) (project|paper|assignment|thesis)\b[^?]*\b(interviews?|figures|"
            r"survey|questionnaire|sources|statistics|your company|your business)\b",
            r"\b(reporter|journalist|editor|correspondent) (at|for|from|with)\b|\bpress (office|inquiry|enquiry|request)\b",
            r"\b(i am|i'm) (currently )?out of (the )?office\b|\bout of office (auto)?-?reply\b|^automatic reply\b|"
            r"\bautomatic reply:|\bthis mailbox is (not|no longer) monitored\b|\bdelivery status notification\b|"
            r"\bundeliverable:|\bmail delivery (failed|subsystem)",
            r"\b(you have won|you've won|lottery winner|inheritance fund|crypto investment|bitcoin investment|viagra|"
            r"casino bonus|forex signals)\b",
        ),
        "fraud_dispute": (
            r"\b(un-?authori[sz]ed|fraudulent|unrecogni[sz]ed|suspicious|unknown) ([\w-]+ ){0,2}"
            + _PAYMENT
            + r"\b",
            r"\b(strange|weird|mysterious|odd|mystery) ([\w-]+ )?(charges?|payments?|transactions?|withdrawals?|debits?)\b",
            r"\b(i|we|nobody|neither of us)( have| had|'ve)? (never )?(ever )?(bought|ordered|purchased) (nothing|anything)\b[^?]*"
            r"\b(charged?|taken|paid|payment|debited|billed|card)\b",
            r"\b(charged?|taken|payment|debited|billed)\b[^?]*\b(i|we|nobody|neither of us)( have| had|'ve)?( never)? (ever )?"
            r"(bought|ordered|purchased) (nothing|anything)\b",
            r"\b(did(n'?t| not)|never|have(n'?t| not)|was(n'?t| not) me who) (actually |even |ever )?(make|made|authori[sz]ed?|"
            r"approved?|recogni[sz]e|place|placed) ((the|this|that|these|those|any|any of|a|an|it|of|such) )*([\w$£€.,-]+ ){0,3}"
            + _PAYMENT
            + r"\b",
            r"\b(do(n'?t| not)|can(no|')?t|didn'?t) recogni[sz]e ([\w'$£€.,-]+ ){0,4}" + _PAYMENT + r"\b",
            r"\b"
            + _PAYMENT
            + r" ([\w'$£€.,()#<>-]+ ){0,6}(i|we) (did(n'?t| not)|never|do(n'?t| not)|have(n'?t| not)) "
            r"(make|made|authori[sz]ed?|recogni[sz]e|approved?|place|placed|initiated?)\b",
            r"\b(someone|somebody|a stranger|hackers?|thie(f|ves)|scammers?) (else )?(has |have |had |just |is |was |may have "
            r"|must have )*(used|using|stole|stolen|hacked|accessed|got into|logged into|taken over|cloned|ordered|bought|placed|"
            r"made) ([\w']+ ){0,6}(card|details|identity|order|purchase|wallet)s?\b",
            r"\bmy ([\w-]+ ){0,3}(card|wallet|identity|details|information|info)s? ([\w-]+ ){0,2}(was|were|has been|have been|"
            r"had been|got|is|are|may be|might be|being) ([\w]+ )?(stolen|hacked|compromised|cloned|hijacked|taken over|"
            r"breached)\b",
            r"\b(stole|cloned) my ([\w-]+ ){0,2}(card|wallet|identity|details)s?\b",
            r"\b(identity theft|card fraud|credit card fraud|victim of (a )?(fraud|scam))\b",
            r"\b(fil(e|ed|ing)|open(ed|ing)?|start(ed|ing)?|initiat(e|ed|ing)|rais(e|ed|ing)|do|request(ed|ing)?) (an? |my )?"
            r"(charge ?back|dispute)\b|\bcharge ?back\b|\bdisput(e|ed|ing) (the|this|that|a|these|my) ([\w$£€.,-]+ ){0,3}"
            + _PAYMENT
            + r"\b",
            r"\b(report(ing)?|commit(ted)?|suspect(ed)?) (an? |this |possible |a case of )?fraud\b",
        ),
        # Someone else in an account: fraud, unless the reply showed that a help page settles it.
        "account_takeover": (
            r"\b(someone|somebody|a stranger|hackers?|thie(f|ves)|scammers?) (else )?(has |have |had |just |is |was |may have |must have )*"
            r"(used|using|stole|stolen|hacked|accessed|got|logged|taken) ([\w']+ ){0,6}(account|login)s?\b",
            r"\bmy ([\w-]+ ){0,3}accounts? ([\w-]+ ){0,2}(was|were|has been|have been|had been|got|is|are|may be|might be|being) ([\w]+ )?"
            r"(stolen|hacked|compromised|hijacked|taken over|breached)\b|\b(hacked( into)?|hijacked|stole) my ([\w-]+ ){0,2}accounts?\b|"
            r"\baccount takeover\b",
        ),
        "emotional_escalation": (
            r"\b(my|our) (lawyer|attorney|solicitor)s?\b|\b(take|taking|pursue|pursuing|consider(ing)?|seek) "
            r"(\w+ )?(legal) (action|advice|steps|proceedings)\b|\blegal action\b|\b(sue|suing) (you|your|this|them)\b|"
            r"\bsmall claims\b|\b(see|take) you (in|to) court\b|\bconsumer court\b",
            r"\b(better business bureau|\bbbb\b|trading standards|ombudsman|attorney general|consumer (protection|forum|rights "
            r"(agency|board|commission))|advertising standards|\bftc\b)\b",
            r"\b(go(ing)?|contact(ing)?|call(ing)?|speak(ing)?|talk(ing)?|tell(ing)?|report(ing)?) (you |this |it )?to (the |local )*"
            r"(press|newspapers?|media|news|police|authorities)\b",
            r"\bf+u+c+k+ (you|off|this company|your (company|store|service))\b|\byou (fucking |f\*+ing |absolute |complete |bunch of "
            r"|stupid |lying |thieving )*(idiots?|morons?|scammers?|crooks|thieves|liars|assholes?|bastards|pricks?|scum|criminals)\b",
            r"\b(kill myself|suicid(e|al)|self[- ]harm|end my life)\b|\b(i('| a)m|i'll|i will|gonna) [^.]*(hurt|harm|kill) "
            r"(someone|you|somebody|your staff)\b",
            r"\b(demand|want|need|insist|let me|get me|give me|connect me|put me|transfer me|escalate (this|it|me))\b[^.?!]*"
            r"\b(speak|talk|through|to)\b[^.?!]*\b(manager|supervisor|someone (senior|in charge|higher)|ceo|your boss)\b",
        ),
    }
)

_HANDED_OVER = (
    r"\b(escalat(e|ed|ing)|transferr(ed|ing)|transfer|forward(ed|ing)?|hand(ed|ing)?|pass(ed|ing)?|refer(red|ring)?|raise[d]?|assign(ed)?|"
    r"route[d]?|connect(ed|ing)?) (you|this|it|your [\w ]{1,30}?|the [\w ]{1,30}?|everything|all of this)\b( \w+){0,6}? (to|with|over to|on to|onto) "
    r"(our|a|an|the|my|someone|one of) ([\w&-]+ ){0,4}(team|department|specialists?|supervisors?|managers?|colleagues?|senior \w+|"
    r"investigat\w+|experts?|lead|tier \d|management|desk)\b",
    r"\b(i have|i've|we have|we've|i am|i'm|has been|been) escalat(ed|ing) (this|your|the|it)\b",
    r"\b(our|the|a) ([\w&-]+ ){0,3}(team|department|specialist|supervisor|manager) (will|is going to) (now )?(take (over|this)|contact you|call you|"
    r"reach out|get in touch|be in touch|take it from here)\b",
)
_HANDS_OVER = PatternSet.of({"needs_human": _HANDED_OVER})
_ONLY_MAYBE = compiled(r"\b(if|unless|in case|should you|feedback|suggestions?|comments)\b")

_ENUMERATED = PatternSet.of(
    {
        "multi_issue": (
            r"\b(two|three|four|five|2|3|4|5|several|multiple|a few|a couple of|a number of|many|both) ([\w-]+ ){0,2}(issues|problems|complaints|matters|"
            r"concerns)\b|\b(two|three|four|five|2|3|4|5|several|a few|a couple of) things( to \w+)?\s*[:;,.!?\n-]",
            r"\b(issue|problem|point|thing) (one|1|number one)\b",
            r"(^|\s)1[.):] ?[^\n]+\s2[.):]",
            r"\bfirst(ly)?\b[,:][^\n]+\b(and )?(second(ly)?|then)\b[,:]?",
            r"(:|\n)\s*[-*•] [^\n]+\s[-*•] [^\n]+",
            r"\b(answer|fix|solve|handle|address|resolve|sort out|take care of|go through) (all|both|each|everything)\b",
        )
    }
)
_MORE = PatternSet.of(
    {
        name: (pattern,)
        for name, pattern in {
            "top": r"\bon top of (that|this|it)\b|\bto (top|cap) it (all )?off\b",
            "mention": r"\bnot to mention\b|\bbesides the fact\b|\baside from\b",
            "enough": r"\bas if (that|this) (was|were|is)( not|n'?t) enough\b|\bto make (it|matters) (complete|worse)\b",
            "plus": r"(^|[.!?;]\s+)plus\b|\badditionally\b|\bfurthermore\b|\bmoreover\b|\bin addition\b",
            "finally": r"\b(and )?(finally|lastly|last but not least)\b",
            "meanwhile": r"\bmeanwhile\b|\bat the same time\b|\bseparately\b",
            "another": r"\banother (issue|problem|complaint)\b|\bthe other (issue|problem)\b|\bdifferent (issue|problem)\b",
        }.items()
    }
)

_CONNECTORS = PatternSet.of(
    {
        "multi_issue": (
            r"\b(two|2|three|3|four|4|several|multiple|a (few|couple( of)?)) (\w+ )?(things|questions|issues|problems|requests|matters|concerns)\b",
            r"\b(one more|another|a second|second|next|a different|a separate|separate|other) (thing|question|issue|problem|request|matter|concern)\b",
            r"(^|[.!?;\n]\s*)(also|additionally|besides|furthermore|secondly|second|next|in addition|separately|lastly|finally|"
            r"on (a|an) (another|different|separate|other|unrelated) (note|matter|subject|issue)|while i('m| am| have)|by the way|btw|"
            r"oh,? and|plus|and also|apart from that|on top of that|other than that)\b",
            r"\bwhile (i'm|i am|we're|you're|you are) (at it|here)\b|\b(and|but) also\b",
            r"(^|\n)\s*(1[.)]|a\)|[-*•]) [^\n]+\n+\s*(2[.)]|b\)|[-*•]) ",
        )
    }
)


@dataclass(frozen=True)
class ClientRules:
    """A client's YAML rules, checked and compiled once."""

    tags: Mapping[str, Reason] = field(default_factory=dict)
    patterns: PatternSet = field(default_factory=lambda: PatternSet(()))

    @classmethod
    def of(cls, rules: FilterRules, where: str = "filters") -> "ClientRules":
        """The rules of a client.

        Raises:
            ConfigError: an unknown reason or a pattern that RE2 refuses, all of them at once.
        """
        problems = [
            f"{kind} '{name}': unknown reason '{reason}'; known: {', '.join(REASONS)}"
            for kind, table in (("tags", rules.tags), ("patterns", rules.patterns))
            for name, reason in table.items()
            if not is_reason(reason)
        ]
        problems += [
            f"patterns '{pattern}': {why}" for pattern in rules.patterns if (why := _refusal(pattern))
        ]
        if problems:
            raise ConfigError(where, problems)
        tags = {tag.casefold(): reason for tag, reason in rules.tags.items()}
        return cls(tags, PatternSet(tuple((reason, pattern) for pattern, reason in rules.patterns.items())))  # type: ignore[arg-type]

    def reason(self, tags: tuple[str, ...], text: str) -> tuple[Reason, str] | None:
        """The first of the client's rules that fits, tags first, with its evidence."""
        for tag in tags:
            if tag.casefold() in self.tags:
                return self.tags[tag.casefold()], f"client tag {tag}"
        if found := self.patterns.first(text):
            reason: Reason = found[0]  # type: ignore[assignment]  # checked in `of`
            return reason, f"client pattern {found[1]}: {quoted(found[1], text)}"
        return None


def _refusal(pattern: str) -> str | None:
    try:
        compiled(pattern)
    except Exception as error:  # google-re2 raises its own error class and, for some input, others
        return f"is no RE2 pattern ({error}); RE2 has no look-around and no back-references"
    return None


def customer_reasons(text: str) -> dict[str, str]:
    """Built-in reasons in the customer's words, each with the words that gave it."""
    found: dict[str, str] = {}
    for place in CUSTOMER.hits(text):
        label, pattern = CUSTOMER.entries[place]
        if label not in found:
            found[label] = quoted(pattern, text)
    return found


@remembered
def handed_over(reply: str) -> str | None:
    """The words in which the settling reply hands the ticket to a team; "we would, if" does not."""
    if not _HANDS_OVER.any(reply):
        return None
    for sentence in sentences(reply):
        found = _HANDS_OVER.first(sentence)
        if found and not _ONLY_MAYBE.search(sentence):
            return quoted(found[1], sentence)
    return None


def several_problems(text: str) -> str | None:
    """The words that count up more than one problem, or join them twice; questions may be several."""
    found = _ENUMERATED.first(text)
    if found:
        return quoted(found[1], text)
    more = _MORE.labels(text)
    return " and ".join(more) if len(more) > 1 else None


@remembered
def joins_requests(text: str) -> bool:
    """Whether the customer's words announce a second request."""
    return _CONNECTORS.any(text)
