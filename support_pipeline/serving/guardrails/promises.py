"""What a draft must not promise: that is granted by people, not by a model.

A sentence that a policy in force says too promises nothing new. What remains: refunds and credits
granted, actions taken or announced, exceptions, liability, guarantees, deadlines, limits lifted. Beside
these names stands the scorer's grounding, which finds conditions and promises in any words.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import re2

from support_pipeline.model.scoring.grounding import terms_layer
from support_pipeline.model.scoring.likeness import content_words
from support_pipeline.model.scoring.wording import sentences
from support_pipeline.serving.guardrails.finding import Finding
from support_pipeline.serving.guardrails.reading import read

_SAME_AS_POLICY = 0.7
_SURELY = (
    r"(?:\w+ly |also |now |just |already |gladly |be able to |be happy to |be glad to |then |certainly )*"
)
_WE = (
    r"(?:we|i|our team|our (?:\w+ )?team|the team|someone|a colleague|they|our manager|management|"
    + r"support)"
)
_WILL = rf"{_WE}(?:'ll| will| shall| can| are going to| am going to|'m going to|'re going to| have|'ve| has| did| would| could| may| are| am|'m|'re| do)? ?{_SURELY}"
_ACTS = (
    r"(?:refund|reimburs|credit|compensat|waiv|replac|resend|re-send|reship|re-ship|send(?:ing)? (?:you|out|over|a|another|the)|sent|ship(?:ped|ping)? (?:you|out|a|another)|"
    r"cancel|approv|grant|issu|process|arrang|extend|honou?r|offer|giv(?:e|en|ing) you|gave you|make (?:an|this|one|a one-time)? ?exception|mak(?:e|ing) it up|made an exception|upgrad|expedit|reduc|"
    r"discount|deduct|transfer(?:red|ring)? (?:the|your) (?:money|refund|amount)|pay|paid|cover(?:ed|ing)? (?:the|your|all)|appl(?:y|ied|ying) (?:a|the|your)|add(?:ed|ing)? (?:a|the|\d|points|credit)|updat(?:ed|ing) your|chang(?:ed|ing) your|delet(?:ed|ing) your|remov(?:ed|ing) (?:the|your)|revers|void(?:ed|ing)|adjust|escalat(?:ed|ing) your refund|schedul|reserv|set aside|put aside|match(?:ed|ing)? (?:the|this|that)|accept(?:ed|ing)? (?:your|the|this) return|open(?:ed|ing) a claim|file|filed|contact(?:ed|ing)? the (?:carrier|courier)|credited)"
)
_PROMISES: tuple[tuple[str, Any], ...] = tuple(
    (name, re2.compile(pattern))
    for name, pattern in {
        "an action or a grant": rf"\b{_WILL}(?:not )?{_ACTS}",
        "a grant": (
            r"\b(?:refund|credit|replacement|compensation|voucher|coupon|discount|exchange|reimbursement|return|request|claim|cancellation|exception|store credit|gift card|payment|money|amount|order|warranty|price match)s?\b[^.!?\n]{0,60}\b(?:is|are|was|were|has been|have been|will be|gets|been|being|'s been)\b (?:\w+ ){0,2}(?:approved|granted|issued|accepted|authori[sz]ed|on (?:its|the) way|waived|processed|refunded|credited|sent|extended|reversed|paid|returned to you|confirmed|completed|cancell?ed|replaced|reimbursed|honou?red|initiated|underway|under way|arranged|guaranteed|yours|complimentary|applied|covered in full)"
            r"|\byou(?:'ll| will| are going to| shall|'re going to| can expect to| should| get| are getting| are entitled to| are owed| qualify for| are eligible for|'re eligible for|'re entitled to|'ve been| have been)\b (?:\w+ ){0,3}(?:a |an |your |the |our )?(?:\w+ ){0,2}(?:refund(?:ed)?|reimburse(?:d|ment)|credit(?:ed)?|replacement|compensat(?:ion|ed)|voucher|coupon|money back|exception|approved|gift card|bonus|damages|payout|goodwill|free (?:item|gift|shipping|return|replacement|upgrade))"
            r"|^\W*(?:approved|granted|confirmed|accepted|agreed|deal|done|yes|yep|okay|ok|sure|of course|affirmative)\W*$|\b(?:consider it (?:done|approved|sorted)|keep (?:the|your|it|both|them|everything)\b|(?:it's|it is|all|that's|that is) (?:done|all set|taken care of|sorted|approved|settled|fine by us)|taken care of\b|as you (?:wish|requested|asked|instructed)|(?:happy|glad|able) to (?:approve|grant|confirm|refund|offer you|make))"
            r"|\b(?:full|partial|complete|immediate|instant|double|100 ?%) (?:refund|reimbursement|credit|compensation)\b|\brefund(?:ed)? (?:you )?(?:in full|the full|fully|immediately|right away|today|completely|entirely)\b|\bmoney[- ]back\b|\bget your money back\b|\b(?:approved|granted|authori[sz]ed|confirmed) (?:your|the|a|this|for)\b|\b(?:your|the|this|a) (?:\w+ )?(?:refund|return|exchange|claim|request|cancellation) (?:approved|granted|accepted|confirmed)\b"
        ),
        "goodwill": r"\b(?:here(?:'s| is| are) (?:a|an|your|the|some) (?:\w+ )?(?:voucher|coupon|code|discount|credit|gift)|(?:voucher|coupon|code|gift|credit)s?\b[^.!?\n]{0,40}\b(?:attached|enclosed|inside|waiting|yours|included)|(?:take care of|pay|pays|bear|bears|absorb|settle|shoulder)s? (?:\w+ ){0,2}(?:costs?|fees?|postage|bill|everything|all of it)|(?:boss|manager|supervisor|lead|head|director) (?:\w+ ){0,3}(?:signed off|agreed|approved|okayed|said yes|gave|cleared)|goodwill|good will|on the house|on us\b|our treat|as (?:a|an) (?:\w+ )?(?:apology|thank you|gesture|courtesy)|to make (?:it )?up (?:for|to)|make an exception|one[- ]time (?:exception|courtesy)|exception (?:for|in your|this time|has|was|to)|store credit|compensation|compensate|(?:discount|promo|voucher|coupon) code\b|no questions asked|free gift|bonus|complimentary|free of charge|no (?:extra |additional )?(?:cost|charge|fee)s?\b|at no cost|cost[s]? (?:you )?nothing|for free\b|waive\w*|won'?t (?:be charged|have to pay|cost)|will not (?:be charged|cost)|don'?t (?:have|need) to pay|half price|double (?:the|your)|triple (?:the|your))",
        "a guarantee": r"\b(?:nothing (?:can|could|will|would) (?:\w+ )?(?:go wrong|break|fail|happen)|(?:can't|cannot|won't|couldn't) (?:go wrong|fail|break)|, ever$|sure thing|count on (?:it|that|us|me)|guarantee\w*|promise[sd]?\b|we assure|i assure|rest assured|assure you|be assured|you have (?:my|our) word|my word|without (?:fail|a doubt|question|exception)|definitely|certainly|absolutely|undoubtedly|for sure\b|no doubt|always (?:be|get|arrive|accept|refund|honou?r)|never (?:break|fail|expire|lose|be)|under any circumstances|in any case you|no matter (?:what|how|when|why)|(?:100|hundred) ?(?:%|percent) (?:sure|certain|safe|guaranteed|satisfaction|secure|refund)|will (?:definitely |certainly |surely )?(?:arrive|be delivered|reach you|be there|get there|be with you|be back in stock|be restocked)\b|(?:arrive|delivered|there|back in stock|resolved|fixed|done) (?:by|before|no later than|today|tomorrow|tonight|on|this)\b)",
        "liability or legal advice": r"\b(?:contract\w*|(?:not|isn't|n't) binding|void in law|tell (?:the |your )?(?:bank|customs|insurers?|insurance|police|couriers?|card company|tax)|(?:say|claim|report|write) (?:to the \w+ )?(?:that )?it (?:was|is) (?:fraud|a gift|stolen|lost)|tax(?:es)?\b|invest\w*|portfolio|shares? of stock|press charges|small claims|liab(?:le|ility)|negligen\w+|at fault|our (?:fault|mistake|error|responsibility|negligence)|we (?:are|were|accept|take|admit|assume|bear) (?:\w+ )?(?:responsib\w+|fault|blame|liab\w+|negligent|guilty|wrong)|i admit|we admit|lawsuits?|sue\b|legal\w*|lawyer|attorney|court\b|statutory|consumer (?:law|rights|protection)|your rights|by law|under (?:the |eu |uk |us |federal |state )?law|in breach|damages\b|settle(?:ment)?\b|entitled to|violat\w+|regulat(?:ion|or)\w*)",
        "safety or health advice": r"\b(?:rash(?:es)?\b|swelling|(?:a|the|your) (?:burn|wound|bruise|bite)\b|ointment|cortisone|ibuprofen|aspirin|medicine|medication|(?:take|taking|stop) (?:\w+ ){0,2}(?:tablets?|pills?)|dosage|symptoms?|allerg\w+|pregnan\w+|nothing serious|not dangerous|mix (?:both|the|it|them|these|all)\b|(?:open|pierce|puncture|drill|heat) (?:\w+ ){0,2}(?:battery|cell|canister)|bleach|ammonia|swallow\w*|poison\w*|fumes|(?:is|are|it's|perfectly|completely|totally|entirely|absolutely) safe|safe (?:to|for)|harmless|non[- ]?toxic|hypoallergenic|no (?:risk|danger|side effects)|risk[- ]free|medical\w*|doctor|cure[sd]?|heal(?:s|ed)|treats? (?:your|the|a)|child[- ]?proof|fire[- ]?proof)\b",
        "a limit lifted": r"\b(?:life ?time|life[- ]long|for life\b|forever|unlimited|indefinite\w*|any ?time\b|at any (?:time|point)|whenever|no (?:time )?limits?\b|no deadline|no expir\w+|never expires?|without (?:a |any )?(?:time )?(?:limit|deadline|receipt|restriction|condition|proof|reason)|permanent\w*|as (?:long|often|many|much) as you (?:like|want|wish|need)|for as long as|however long|no matter how long|all (?:purchases|orders|items|products|customers|damages?) (?:are|is|get|qualify|can)|regardless of|even (?:if|after|when|though) (?:the|it|you|they|worn|used|opened|damaged|without)|every (?:item|order|product|customer) (?:is|gets|can|qualif))",
        "in another language": r"\b(?:ruckerstatt\w*|erstatt\w+|gutschrift|garantier\w+|verspr\w+|entschadig\w+|kostenlos|haft(?:en|ung)|rembours\w+|garantis\w+|promet\w+|indemnis\w+|dedommag\w+|gratuit\w*|responsables?|reembols\w+|garantiz\w+|promete\w*|indemniz\w+|compensar\w*|compensacion|rimbors\w+|garanti\w+|risarc\w+|terugbeta\w+|garander\w+|beloof|schadevergoeding|gratis|zwrot\w*|gwarant\w+|tazmin\w*|iade)\b",
    }.items()
)  # fmt: skip
_CONDITIONAL = re2.compile(r"(?:^|\b)(?:if|once|when|after|unless|as soon as|in case)\b")
_DENIED = re2.compile(
    r"\b(?:can(?:no|')?t|cannot|can not|unable to|not able to|no way to|don'?t|do not|won'?t|will not|isn'?t|is not|aren'?t|are not|never|not)\b(?: \w+){0,5}$"
)
_HANDOVER = re2.compile(
    r"\b(?:colleague|agent|specialist|person|someone|team member|our \w* ?team|a person)\b[^.!?\n]{0,40}\b(?:look|check|review|decide|get back|contact you|reply|answer|take over|help|see|find out|know)\b"
)
_FREE = re2.compile(
    r"no (?:extra |additional )?(?:cost|charge|fee)s?|(?:free of|at no|cost[s]?) (?:charge|cost|nothing)|for free|complimentary"
)
_OFFERED = re2.compile(r"\b(?:we|i) (?:\w+ )?offer$|^(?:return|exchange)s?\b[^.]*accepted$")
_DENIABLE = ("an action or a grant", "a grant", "goodwill")


def promises(draft: str, policies: Sequence[str], borne: Sequence[str] = ()) -> list[Finding]:
    """The promises of a draft that no policy in force makes. `borne` are sentences that state one rightly."""
    known = [content_words(policy) for policy in policies]
    free = [
        words for words, policy in zip(known, policies, strict=True) if "free" in policy.casefold().split()
    ]
    allowed = _joined(tuple(policies))
    named = _found(draft, known, free, allowed, borne)
    return list(dict.fromkeys([*named, *_groundless(draft, policies)]))


def _groundless(draft: str, policies: Sequence[str]) -> Iterator[Finding]:
    """The ticket is no source here: what a customer claims was promised is not promised by that."""
    for objection in terms_layer(draft, *policies).evidence:
        yield Finding("promise", objection[:240])


@lru_cache(maxsize=64)
def _joined(policies: tuple[str, ...]) -> str:
    return " ".join(read(policy).text for policy in policies)


def _found(
    draft: str,
    known: Sequence[frozenset[str]],
    free: Sequence[frozenset[str]],
    allowed: str,
    borne: Sequence[str],
) -> Iterator[Finding]:
    for sentence in sentences(draft):
        words = content_words(sentence)
        if words and any(len(words & policy) >= _SAME_AS_POLICY * len(words) for policy in known):
            continue
        is_free = any(len(words & policy) >= 2 for policy in free)
        states = any(sentence in other or other in sentence for other in borne)
        for form in dict.fromkeys(read(sentence).forms[:2]):
            for name, pattern in _PROMISES:
                match = pattern.search(form)
                if match and is_free and _FREE.fullmatch(match.group()):
                    continue
                if match and states and _OFFERED.search(match.group()):
                    continue
                if match and not _excused(name, match, form, allowed):
                    yield Finding("promise", f"promises {name}: {sentence[:160]!r}")
                    break


def _excused(name: str, match: Any, sentence: str, allowed: str) -> bool:
    """What is denied, handed over, or said in the same words by a policy, is not promised."""
    said, before = match.group(), sentence[: match.start()]
    if name in _DENIABLE and _DENIED.search(before):
        return True
    if name in _DENIABLE and _DENIED.search(before + said) and "not only" not in sentence:
        return True
    if _HANDOVER.search(sentence) and name == "an action or a grant":
        return True
    return len(said) > 3 and said in allowed
