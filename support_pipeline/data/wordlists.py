"""Lists of words that rules look names up in. They need not be complete: each has a rule behind it."""


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set; reads better than a hundred quoted strings."""
    return frozenset(text.split())


# Common given names of several countries: a line that holds only one is a signature.
GIVEN_NAMES = words(
    """aaron adam adrian agnes ahmed aisha alan albert alejandro alex alexander alexandra alice alicia
    alison amanda amber amelia amy ana andre andrea andreas andrew andy angela anita anja ann anna anne
    annie anthony antonio april arthur ashley barbara barry bea beatrice ben benjamin bernd bert beth
    bettina bianca bill bob bobby brad brandon brenda brett brian bruce bryan bryn camille cara carl
    carla carlos carmen carol carole caroline carolyn cathy cecil charles charlie charlotte chloe chris
    christian christina christine christoph christopher cindy claire clara claudia colin connor craig
    cristina cynthia dan dana daniel daniela danielle danny dave david dawn dean debbie deborah debra
    denise dennis derek diana diane diego dirk dmitri dominic don donald donna doris doug douglas dylan
    ed eddie edward elaine elena eli elias elisabeth elizabeth ella ellen emily emma eric erica erik
    erika erin ethan eva evan evelyn fatima felix fernando fiona florian frances francesca francesco
    francis francois frank fred gabriel gabriela gareth gary gavin george gerald gina giulia giuseppe
    glenn gloria gordon grace greg gregory guillaume hanna hannah hans harold harry hassan heather heidi
    helen helena henrik henry hugo ian ines ingrid irene iris isaac isabel isabella ivan jack jackie
    jacob jake james jamie jan jane janet janice jason javier jay jean jeff jeffrey jen jennifer jenny
    jeremy jerry jesse jessica jill jim jimmy joan joanna joe joel johan johanna john johnny jon jonas
    jonathan jordan jorge jose joseph josh joshua joyce juan judith judy julia julian julie june karen
    karin karl kate katherine kathleen kathryn kathy katie katja keith kelly ken kenneth kevin kim
    kimberly klaus kristin kurt kyle lars laura lauren lea lee lena leo leon leonardo leslie lily linda
    lisa liz logan lola lorenzo louis louise luca lucas lucia lucy luis lukas luke lynn maggie magnus
    marc marcel marco marcus margaret maria marie mario marion mark markus marta martha martin martina
    mary mateo matt matthew matthias max megan mei melanie melissa mia michael michel michele michelle
    miguel mike mila milan mohamed mohammed molly monica monika nadia naomi natalia natalie natasha
    nathan neil nicholas nick nicola nicolas nicole nina noah nora norbert oliver olivia omar oscar
    pablo pamela pascal pat patricia patrick paul paula pauline pedro peggy pete peter petra phil philip
    philipp phillip pierre priya rachel rafael rainer ralf ralph raul ray rebecca renate rene rich
    richard rick rita rob robert roberto robin rod roger roland ron ronald rosa rosie ross roy russell
    ruth ryan sabine sally sam samantha samuel sandra sara sarah scott sean sebastian sergio seth shane
    shannon sharon shawn sheila simon simone sofia sonia sophia sophie stacy stefan stefanie stella
    stephan stephane stephanie stephen steve steven stuart sue susan susanne suzanne sven sylvia tamara
    tania tanja tara teresa terry tess thomas tim timothy tina todd tom tomas tony tracy trevor tyler
    uwe valentina valerie vanessa vera veronica victor victoria vincent walter wayne wendy werner
    william wolfgang xavier yan yasmin yuki yvonne zach zoe"""
)

# Names that are words too: they count as names only where they are used as one.
ORDINARY_WORDS = words(
    """abbey ace am amber an angel april art as ash ashes at august autumn baker ball banks bar barber
    barker barn bass bay be bean bear beck bell berry best bill bird bishop black blanco bloom blue bond
    bonnie bow bowl box boy branch brand brandy bridge bridges brook brooks broom brown buck bud bull
    burger bush butcher butler buy by can candy cane card carol case cash castle chance chase chip chuck
    church clay cliff close coffee cole comfort cook cooper copper coral corn cotton could court cross
    crow crystal curry daisy dash dawn day days dear deer destiny diamond do dollar don drew driver
    dusty early east easy eden ever faith falcon fall farmer fern field fields fine fish fisher flower
    ford forest fortune foster fox free freeman french frost gardener gay gem gift ginger glass glory go
    gold golden good grand grant grass graves gray green grey grove guy had hall hand handy happy harbor
    harmony harp has have haven he heaven henna her hey hi hill hills him holiday home honey hood hook
    hope horn house how hunt hunter in iron is it its ivory jade jay jersey jet jewel job joker jolly
    joy judge july june justice key keys kind king kit knight knot lace lake land lane large law lawn
    leaf leather lime link lion little lock lone long lord love low luck lucky major marble march mark
    master max maximum may mayor me merit merry miles mill mint miss mode money moon moss mount my nice
    nick noble noel north not nova oak of off ok olive on one open or orange order out owl page pain
    paint palm paris park parks patience peach pearl pepper pert pine pleasant plum pole polish pond
    poole pope post pound powers precious price pride prince prudence purple queen quick rain rainbow
    ram ran read reason red rice rich richer ridge right ring rip river rivers road rock rocky roman
    root rose rosemary rot royal ruby rush russet rusty sage sail sailor saint salt sand sandy savage
    save scarlet see sergeant shade she shell should silver sky small smart snow so son song sparrow
    spear spring star starling steel stone storm street strong sue summer summers sun sunday sunny swan
    sweet swift tan tea teal temple thorn tiger tile to ton too tower towers town trace trip true two up
    us van velvet victory violet wagon wall ware warm warner waters way we web weeks well west wheat
    white who why wild will win wind winter winters wise wish wolf wood word worth would yard yen yes
    you young your"""
)
