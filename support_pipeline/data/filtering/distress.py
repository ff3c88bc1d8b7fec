"""Anger and distress that a person has to take over, counted by kind.

One sign is a bad day: a strong word, a sigh, a third try. Two kinds of sign together, or one that leaves
no doubt (an insult to the staff, a threat, despair), is a customer who needs a person. Idioms that borrow
strong words ("I hate to bother you", "furious with myself") are taken out first.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from support_pipeline.data.filtering.patterns import PatternSet, compiled, quoted

_BORROWED = compiled(
    r"\b(?:hate to (?:bother|ask|miss|be|say|trouble|nag|disturb)|hate (?:it )?when|dying to (?:know|try|see|get|have)|mad (?:about|for)|would it kill|(?:furious|angry|mad|livid|annoyed) (?:with|at) myself|"
    r"not (?:really |at all )?(?:angry|mad|annoyed|upset|furious)|crying (?:with|of|from) (?:joy|laughter|laughing)|tears of (?:joy|laughter)|(?:wicked|sick|insane(?:ly)?|crazy|stupid(?:ly)?) (?:good|cool|colou?rs?|bright|"
    r"comfy|warm|soft|fast|beautiful|designs?|nice)|idiot[- ]?proof|(?:i'm|i am|i feel|feel) (?:like )?(?:such )?an? (?:\w+ )?(?:idiot|moron|fool|clown)|(?:stupid|silly|dumb) (?:me|question|of me)|sorry to (?:be|bother)[^.?!]{0,30}|"
    r"worst case|at worst|i'm a (?:lawyer|solicitor|journalist|reporter|police \w+))\b"
)

_SURE = PatternSet.of(
    {
        "insult": (
            r"\b(?:you|you're|your|are you|bunch|lot of|those|these|what kind of|run by|full of|company of)\b[^.?!\n]{0,30}\b(?:idiots?|morons?|muppets?|clowns?|imbeciles?|fools|incompetents|crooks|thieves|liars|scum(?:bags)?|brain[- ]?dead|"
            r"criminals?|scammers|con artists|cowards|jokers|parasites|cheats)\b|\bbunch of \w+ ?(?:idiots|morons|clowns|liars|thieves|crooks|incompetent\w*)\b",
            r"\b(?:useless|pathetic|incompetent|hopeless)\b,? (?:the )?(?:lot|bunch) of (?:you|u)\b|\byou(?:'re| are| lot are| people are| guys are| all)? (?:so |absolutely |just |all |utterly |totally |completely )*(?:useless|pathetic|incompetent|disgusting|despicable|a disgrace|shameless)\b",
            r"\b(?:screw|damn|curse|sod) you\b|\bgo to hell\b|\bpiss off\b|\bf(?:\*+|u+c+k+|[-_.]k)[a-z*]* (?:this|that|you|u|off|your|the|sake)\b|\bup yours\b|\b(?:shove|stick) (?:it|your|that)\b[^.?!]{0,30}\b(?:where|up)\b|"
            r"\b(?:i )?(?:hate|despise|loathe) (?:you|your|this) ?(?:company|shop|store|people|lot|all|guys)?\b[^?]{0,3}[.!]|\b(?:complete|total|utter|absolute) (?:and utter )?(?:bs|bullshit|bollocks|crap)\b|\bgarbage company\b|\bashamed of yoursel(?:f|ves)\b|\b(?:pathetic|poor|sorry|sad|lousy|miserable) excuse (?:for|of)\b",
            r"\bf\*{2,}",
        ),
        "threat": (
            r"\b(?:hire|hiring|contact(?:ing)?|consult(?:ing)?|call(?:ing)?|talk(?:ing)? to|speak(?:ing)? to|through|involv(?:e|ing)|engag(?:e|ing)|instruct(?:ing)?|get(?:ting)?) (?:an? |my |our )(?:\w+ )?(?:lawyer|attorney|solicitor)\b|\blegal (?:steps|letter|measures|consequences|proceedings)\b|"
            r"\b(?:see you|meet you) in court\b|\b(?:sue|suing) (?:you|your)\b|\bletter from my\b|\bcalling (?:the )?(?:cops|police)\b|\b(?:final|last) warning\b|\bconsumer (?:rights|protection) (?:office|agency|organi[sz]ation|centre|center|bureau)\b",
            r"\b(?:i (?:will|'ll|know|am|'m)|unless|or)\b[^.?!]{0,50}\b(?:journalists?|newspapers?|the papers|the press|tv station|watchdog)\b|\bgo to the papers\b|\breport(?:ing)? (?:you|your company|this company|your shop)\b",
            r"\b(?:tiktok|facebook|twitter|instagram|trustpilot|reddit|youtube|google reviews?|social media|viral|public)\b[^.?!]{0,40}\b(?:unless|until|or else)\b|\b(?:unless|if|or else|until|otherwise)\b[^.?!]{0,90}\b(?:tiktok|facebook|twitter|instagram|trustpilot|reddit|youtube|go viral|"
            r"social media|make (?:this|it) public|go public|everyone (?:will|is going to) (?:know|hear))\b",
            r"\bi(?:'ll| will| am going to|'m going to) (?:come|go) to your (?:office|shop|store|house|headquarters)\b|\bthrow (?:this|it) (?:thing )?through your\b",
        ),
        "furious": (
            r"\bi(?:'m|'ve| am| have been| was)? (?:\w+ ){0,2}(?:livid|furious|fuming|seething|raging|enraged|outraged|incensed)\b|\b(?:absolut\w+|totally|completely|beyond|utterly|bloody|effing) (?:livid|furious|fuming|angry|outraged|enraged|appalled|disgusted|disgusting)\b|"
            r"\bi(?:'m| am) so angry\b|\bshaking with (?:anger|rage)\b|\bmakes? me (?:want to scream|sick|furious)\b|\bi hate (?:you|your)\b|\bhow dare you\b|\bthis is hell\b",
        ),
        "despair": (
            r"\b(?:been |was |i'm |am |still |be )?(?:crying|sobbing|weeping|in tears)\b|\b(?:cried|wept)\b[^.?!]{0,30}\b(?:day|night|morning|hours|eyes|sleep)\b|\bcan(?:'t|not| not) stop crying\b|\bheart-?broken\b|\bdevastated\b|\bhumiliat(?:ed|ing)\b|\bpanic attacks?\b|"
            r"\b(?:nervous )?breakdown over\b|\bhaving a (?:nervous )?breakdown\b|\b(?:the )?end of my (?:rope|tether|wits)\b|\bmy wits'? end\b|\bbegging (?:you|u)\b|\bi beg (?:you|u)\b|\bdesperate(?: and|\.|!|,|$)|\bcan(?:'t|not) (?:do|take|cope with|bear|handle|go through) (?:this|it) (?:any ?more|any longer)\b|"
            r"\b(?:i want|just want) (?:it|this) to (?:be over|stop|end)\b|\bmy nerves\b|\bno money (?:left )?for (?:food|rent)\b|\bnobody (?:left )?to turn to\b|\btraumati[sz]ed\b",
        ),
        "consequences": (
            r"\b(?:want|demand|insist on|expect|owe me|deserve)\b[^.?!]{0,30}\bapology\b|\b(?:someone|somebody|him|her|them|agent|person|wrote that \w+|driver) (?:should be |must be |to be |be )?(?:sacked|fired|dismissed)\b|\bshould be (?:sacked|fired)\b|\bthe name of (?:your|the) (?:ceo|manager|boss|director|person)\b|"
            r"\bget me (?:a|an|your|the) (?:\w+ )?(?:human|manager|supervisor|person|boss)\b|\bescalate (?:this|it|me|my \w+) (?:to|right|now|immediately|up)\b|\b(?:speak|talk|put me through|connect me|pass me|transfer me) (?:to|with) (?:your |a |the |someone |somebody )*(?:manager|supervisor|boss|management|director|ceo|above you|in charge)\b|"
            r"\b(?:swore|shouted|yelled|screamed|spat) at (?:me|us|my)\b|\blaughed at me\b|\bcalled me an? \w+\b|\binsulted\b|\bceo (?:doesn'?t|does not|must|should|needs to|to)\b",
        ),
    }
)

WORD = "strong word"
_LOUD = "shouting"
_SIGNS = PatternSet.of(
    {
        "fury": (
            r"\b(?:disgust(?:ed|ing)|outrag(?:e|ed|eous)|furious|livid|appall(?:ed|ing)|fuming|enraged|despicable|shambles|shambolic|disgrace(?:ful)?|farce|pathetic|atrocious|abysmal|contempt|scandalous|insult|shame on|ashamed|"
            r"a joke|rip-?off|scam|crooks|thieves|liars|incompeten(?:t|ce)|arrogan(?:t|ce))\b",
        ),
        WORD: (
            r"\b(?:unbelievable|unacceptable|ridiculous|absurd|ludicrous|criminal|rude|useless|horrible|horrendous|terrible|awful|hate|crap|bullshit|bs|bloody|damn|wtf|fuck\w*|shit\w*|effing)\b",
        ),
        "worst": (r"\b(?:the )?worst\b[^.?!]{0,30}\b(?:ever|shop|company|service|support|store|experience|planet|life)\b",),
        "ruined": (r"\b(?:ruin(?:ed|ing)?|destroyed|spoil(?:t|ed)|wrecked) (?:my|our|his|her|their|the|christmas|xmas|everything)\b",),
        "loss": (
            r"\b(?:last|final) photos\b|\bfuneral\b|\b(?:lost|losing) my (?:job|home|house|flat|husband|wife|mother|father|son|daughter|patience)\b|\b(?:i'm|i am|am) (?:\w+ )?(?:exhausted|desperate|shaking|disabled|terrified|scared|depressed)\b|\bcan'?t (?:sleep|eat)\b|"
            r"\b(?:wife|husband|mother|father|child|son|daughter|i'm|i am) (?:is |are )?(?:very |seriously |so )?(?:ill|sick|dying)\b|\bmoney for (?:food|rent|bills)\b|\bsingle (?:mum|mom|mother|dad|parent)\b|\bpensioners?\b",
        ),
        "fed up": (
            r"\bfed up\b|\bsick (?:and tired )?of\b|\bhad (?:it|enough)\b|\benough is enough\b|\blost (?:all |my )*(?:patience|trust|faith)\b|\bout of patience\b|\bi(?:'m| am) done\b|\bat the end of\b|\bup to here\b|\brunning out of patience\b|\bi refuse\b|\bi don'?t want (?:another|any more|your) (?:apolog|excuse)",
        ),
        "lied": (r"\b(?:you|you've|they|agent|been|was|were)\b[^.?!]{0,15}\b(?:lied|lying|lies|cheated|mocked|deceived|misled|let me down|robbed|stole|treated like)\b|\blies\b|\bexcuses\b|\bfeel (?:so )?(?:cheated|mocked|robbed|betrayed|scammed|fooled|used)\b",),
        "ignored": (
            r"\b(?:nobody|no ?one)\b[^.?!]{0,20}\b(?:answers?|replies|reply|cares?|responds?|helps?|came|gives)\b|\bignor(?:ed|ing|es?) me\b|\bhung up\b|\b(?:third|fourth|fifth|sixth|tenth|[3-9]rd|[4-9]th|1\dth) (?:time|e-?mail|message|letter|call)\b|"
            r"\b(?:called|rang|phoned|written|wrote|emailed|asked|contacted)\b[^.?!]{0,20}\b(?:three|four|five|six|seven|eight|nine|ten|[3-9]|1\d) times\b|\b(?:three|four|five|six|[3-9]) times\b|\b\w+ (?:days|weeks|months)!|\bdo (?:you|u) even\b|\bwasted \w+ (?:hours|days|weeks)\b",
        ),
        "exposure": (
            r"\b(?:tell(?:ing)?|told|warn(?:ing)?|let)\b[^.?!]{0,25}\b(?:everyone|everybody|the world|all my|people)\b[^.?!]{0,25}\b(?:know|facebook|avoid|not to|never|hears?|stay away|i know)|\b(?:post(?:ing)?|tweet(?:ing)?|shar(?:e|ing)|publish(?:ing)?) (?:this|it|that|all)\b|\beveryone i know\b|\bone[- ]star\b|\bnever again\b|"
            r"\b(?:lost|losing) (?:a|your) (?:\w+ )?customer\b|\bnever (?:ever )?(?:buy|order|shop|purchase|use)\w*\b[^.?!]{0,30}\b(?:again|ever)\b|\bbuy from you ever\b",
        ),
        "ultimatum": (
            r"\bor else\b|\bfix (?:this|it) (?:today|now|immediately)\b|\bsort (?:it|this) out\b|\bget your act together\b|\b(?:my money|money back|refund) (?:now|immediately|today|right now|at once)\b|\bgive (?:me )?my money\b|\bi demand\b|"
            r"\bby (?:tomorrow|tonight|friday|noon)\b[^.?!]{0,30}\bor\b|\byou have until\b",
        ),
        "treated": (
            r"\btreat(?:ed|ing|s)?\b[^.?!]{0,20}\b(?:like|pensioners|customers|badly|contempt|dirt|people|me)\b|\bspit(?:ting)? in my face\b|\bhow (?:dare|can) you\b|\bdo you think i'?m (?:stupid|an idiot)\b|\bare you (?:kidding|joking|serious|deaf|blind)\b|\bshame on\b|\bbeen insulted\b|\byou people\b|\bhope you(?:'re| are) (?:proud|happy)\b|"
            r"\bthanks for nothing\b|\bcongratulations on\b|\b(?:attitude|staff) stinks?\b|\bgives? a damn\b|\bget me a (?:human|person|manager)\b|\bhuman being\b|\breal (?:human|person)\b|\b(?:this|another|one more|your|stupid|damn) (?:bot|robot)\b|\bwith a brain\b|\bsingle (?:competent|decent)\b",
        ),
    }
)  # fmt: skip
ENOUGH = 2
_LOUD_WORDS = 4


@dataclass(frozen=True, slots=True)
class Distress:
    """What shows anger or despair in one message."""

    signs: tuple[str, ...]
    sure: bool = False

    @property
    def enough(self) -> bool:
        """Whether a person has to take over."""
        return self.sure or len(self.signs) >= ENOUGH

    @property
    def said(self) -> bool:
        """Whether it is said at all, in more than a strong word or capitals."""
        return self.sure or bool(set(self.signs) - {WORD, _LOUD})


def distress(text: str) -> Distress:
    """The kinds of sign in one message."""
    plain = _BORROWED.sub(" ", text)
    if sure := _SURE.first(plain):
        return Distress((quoted(sure[1], plain),), sure=True)
    signs = _SIGNS.labels(plain)
    return Distress((*signs, _LOUD) if signs and _shouts(text) else tuple(signs))


def worst(texts: Iterable[str]) -> Distress:
    """The message that shows most: signs of a whole conversation would add up in any long one."""
    said = [text for text in texts if text]
    together = "\n".join(said)
    if not (_SURE.any(together) or _SIGNS.any(together)):  # most tickets are calm
        return Distress(())
    found = [distress(text) for text in said]
    return max(found, key=lambda one: (one.sure, len(one.signs), one.said), default=Distress(()))


def borrows(text: str) -> bool:
    """Whether strong words are only borrowed."""
    return bool(_BORROWED.search(text))


def _shouts(text: str) -> bool:
    """Words in capitals, several and most of them."""
    words = [word for word in text.split() if len(word) > 1 and word[0].isalpha()]
    return sum(word.isupper() for word in words) >= max(_LOUD_WORDS, len(words) // 2)
