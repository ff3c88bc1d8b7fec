"""Quoted replies in the shapes that mail programs of many languages give them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_pipeline.data.cleaning.quotes import strip_quotes
from support_pipeline_tests.growth import costs_no_more_than_its_length

OWN = "The zip broke on the second day.\n\nCan I get another one?"

OUTLOOK = {
    "hungarian": ("Feladó", "Elküldve", "Címzett", "Tárgy"),
    "romanian": ("De la", "Trimis", "Către", "Subiect"),
    "greek": ("Από", "Στάλθηκε", "Προς", "Θέμα"),
    "croatian": ("Šalje", "Poslano", "Prima", "Predmet"),
    "bulgarian": ("От", "Изпратено", "До", "Относно"),
    "slovene": ("Pošiljatelj", "Poslano", "Za", "Zadeva"),
    "vietnamese": ("Từ", "Gửi", "Đến", "Chủ đề"),
    "indonesian": ("Dari", "Dikirim", "Kepada", "Subjek"),
    "arabic": ("من", "تاريخ", "إلى", "الموضوع"),
    "hebrew": ("מאת", "נשלח", "אל", "נושא"),
}
ORIGINALS = [
    "Eredeti üzenet",
    "Mesaj original",
    "Αρχικό μήνυμα",
    "Izvorna poruka",
    "Pesan asli",
    "הודעה מקורית",
]


@pytest.mark.parametrize("language", OUTLOOK)
def test_header_blocks_of_more_languages(language: str) -> None:
    sender, sent, to, subject = OUTLOOK[language]
    block = f"{sender}: Kestrel <help@kestrel.example>\n{sent}: 2026. 03. 03. 09:12\n{to}: ana@example.com\n{subject}: x\n\nold"
    assert strip_quotes(f"{OWN}\n\n{block}") == OWN


@pytest.mark.parametrize("words", ORIGINALS)
def test_original_messages_of_more_languages(words: str) -> None:
    assert strip_quotes(f"{OWN}\n\n-------- {words} --------\nKestrel\nold text") == OWN


ATTRIBUTIONS = {
    "english gmail": "On Tue, Mar 3, 2026 at 9:12 AM Kestrel Support <help@kestrel.example> wrote:",
    "english wrapped": "On Tue, Mar 3, 2026 at 9:12 AM Kestrel Support <\nhelp@kestrel.example> wrote:",
    "english apple": "On 3 Mar 2026, at 09:12, Kestrel Support <help@kestrel.example> wrote:",
    "english numeric": "On 03/03/2026 09:12, Kestrel Support wrote:",
    "english eudora": "At 09:12 AM 3/3/2026, you wrote:",
    "english yahoo": "    On Tuesday, March 3, 2026 at 09:12:44 AM EST, Kestrel Support <help@kestrel.example> wrote:",
    "english zoho": "---- On Tue, 03 Mar 2026 09:12:00 +0000 Kestrel Support <help@kestrel.example> wrote ----",
    "german": "Am Di., 3. März 2026 um 09:12 Uhr schrieb Kestrel Support <help@kestrel.example>:",
    "german thunderbird": "Am 03.03.26 um 09:12 schrieb Kestrel Support:",
    "german inverted": "Kestrel Support <help@kestrel.example> schrieb am Di., 3. März 2026, 09:12:",
    "french": "Le mar. 3 mars 2026 à 09:12, Kestrel Support <help@kestrel.example> a écrit :",
    "french thunderbird": "Le 03/03/2026 à 09:12, Kestrel Support a écrit :",
    "spanish": "El mar, 3 mar 2026 a las 9:12, Kestrel Support (<help@kestrel.example>) escribió:",
    "portuguese": "Em ter., 3 de mar. de 2026 às 09:12, Kestrel Support <help@kestrel.example> escreveu:",
    "italian": "Il giorno mar 3 mar 2026 alle ore 09:12 Kestrel Support <help@kestrel.example> ha scritto:",
    "dutch": "Op di 3 mrt 2026 om 09:12 schreef Kestrel Support <help@kestrel.example>:",
    "dutch apple": "Op 3 mrt. 2026 om 09:12 heeft Kestrel Support <help@kestrel.example> het volgende geschreven:",
    "swedish": "Den tis 3 mars 2026 kl 09:12 skrev Kestrel Support <help@kestrel.example>:",
    "danish": "Den tir. 3. mar. 2026 kl. 09.12 skrev Kestrel Support <help@kestrel.example>:",
    "norwegian": "tir. 3. mar. 2026 kl. 09:12 skrev Kestrel Support <help@kestrel.example>:",
    "finnish": "ti 3. maalisk. 2026 klo 9.12 Kestrel Support (help@kestrel.example) kirjoitti:",
    "polish": "wt., 3 mar 2026 o 09:12 Kestrel Support <help@kestrel.example> napisał(a):",
    "polish apple": "Dnia 3 mar 2026 o godz. 09:12 Kestrel Support <help@kestrel.example> napisał(a):",
    "czech": "út 3. 3. 2026 v 9:12 odesílatel Kestrel Support <help@kestrel.example> napsal:",
    "russian": "вт, 3 мар. 2026 г. в 09:12, Kestrel Support <help@kestrel.example>:\n> привет",
    "russian verb": "3 марта 2026 г., в 09:12, Kestrel Support <help@kestrel.example> написал(а):",
    "ukrainian": "вт, 3 бер. 2026 р. о 09:12 Kestrel Support <help@kestrel.example> пише:",
    "turkish": "Kestrel Support <help@kestrel.example>, 3 Mar 2026 Sal, 09:12 tarihinde şunu yazdı:",
    "hungarian": "Kestrel Support <help@kestrel.example> ezt írta (időpont: 2026. márc. 3., K, 9:12):",
    "romanian": "În mar., 3 mar. 2026 la 09:12, Kestrel Support <help@kestrel.example> a scris:",
    "greek": "Στις Τρί 3 Μαρ 2026 στις 9:12 π.μ., ο χρήστης Kestrel Support <help@kestrel.example> έγραψε:",
    "chinese": "Kestrel Support <help@kestrel.example> 于2026年3月3日周二 09:12写道：",
    "chinese apple": "在 2026年3月3日，上午9:12，Kestrel Support <help@kestrel.example> 写道：",
    "japanese": "2026年3月3日(火) 9:12 Kestrel Support <help@kestrel.example>:",
    "korean": "2026년 3월 3일 (화) 오전 9:12, Kestrel Support <help@kestrel.example>님이 작성:",
    "vietnamese": "Vào Th 3, 3 thg 3, 2026 vào lúc 09:12 Kestrel Support <help@kestrel.example> đã viết:",
    "indonesian": "Pada tanggal Sel, 3 Mar 2026 pukul 09.12 Kestrel Support <help@kestrel.example> menulis:",
    "arabic": "في الثلاثاء، 3 مارس 2026 في 9:12 ص تمت كتابة ما يلي بواسطة Kestrel Support <help@kestrel.example>:",
    "hebrew": "‫בתאריך יום ג׳, 3 במרץ 2026 ב-9:12 מאת ‪Kestrel Support‬‏ <‪help@kestrel.example‬‏>:",
    "date and address": "2026-03-03 9:12 GMT+01:00 Kestrel Support <help@kestrel.example>:",
}

BLOCKS = {
    "outlook": "From: Kestrel Support <help@kestrel.example>\nSent: Tuesday, March 3, 2026 9:12 AM\n"
    "To: Ana\nSubject: Re: Zip\n\nHello Ana,\nwe are sorry.",
    "outlook ruled": "________________________________\nFrom: Kestrel Support\nSent: 3 March 2026\nTo: Ana\n"
    "Subject: Zip\n\nHello",
    "outlook bold": "*From:* Kestrel\n*Sent:* 3 March 2026\n*To:* Ana\n*Subject:* Zip\n\nHello",
    "outlook german": "Von: Kestrel Support\nGesendet: Dienstag, 3. März 2026 09:12\nAn: Ana\nBetreff: AW: Zip\n\nHallo",
    "outlook french": "De : Kestrel Support\nEnvoyé : mardi 3 mars 2026 09:12\nÀ : Ana\nObjet : RE: Zip\n\nBonjour",
    "outlook spanish": "De: Kestrel\nEnviado: martes, 3 de marzo de 2026 9:12\nPara: Ana\nAsunto: RE: Zip\n\nHola",
    "outlook italian": "Da: Kestrel\nInviato: martedì 3 marzo 2026 09:12\nA: Ana\nOggetto: R: Zip\n\nCiao",
    "outlook dutch": "Van: Kestrel\nVerzonden: dinsdag 3 maart 2026 09:12\nAan: Ana\nOnderwerp: RE: Zip\n\nHallo",
    "outlook portuguese": "De: Kestrel\nEnviada em: terça-feira, 3 de março de 2026\nPara: Ana\nAssunto: RE: Zip\n\nOlá",
    "outlook swedish": "Från: Kestrel\nSkickat: den 3 mars 2026 09:12\nTill: Ana\nÄmne: SV: Zip\n\nHej",
    "outlook danish": "Fra: Kestrel\nSendt: 3. marts 2026 09:12\nTil: Ana\nEmne: SV: Zip\n\nHej",
    "outlook polish": "Od: Kestrel\nWysłano: wtorek, 3 marca 2026 09:12\nDo: Ana\nTemat: Odp: Zip\n\nDzień dobry",
    "outlook russian": "От: Kestrel\nОтправлено: 3 марта 2026 г. 9:12\nКому: Ana\nТема: Re: Zip\n\nЗдравствуйте",
    "outlook chinese": "发件人: Kestrel\n发送时间: 2026年3月3日 9:12\n收件人: Ana\n主题: 回复: Zip\n\n你好",
    "original": "-----Original Message-----\nFrom: Kestrel\nTo: Ana\n\nHello",
    "original german": "-------- Ursprüngliche Nachricht --------\nVon: Kestrel\nDatum: 03.03.26\n\nHallo",
    "original french": "-------- Message d'origine --------\nDe : Kestrel\nDate : 03/03/2026\n\nBonjour",
    "forwarded": "---------- Forwarded message ---------\nFrom: Kestrel <help@kestrel.example>\nDate: Tue, Mar 3, 2026\n"
    "Subject: Zip\nTo: <ana@example.com>\n\nHello",
    "apple forward": "Begin forwarded message:\n\nFrom: Kestrel\nSubject: Zip\nDate: 3 March 2026\nTo: ana\n\nHello",
    "helpdesk marker": "##- Please type your reply above this line -##\n\nYour request (123) has been updated.",
    "bare quote": "> Hello Ana,\n> we are sorry.",
}

FOOTERS = [
    "Sent from my iPhone",
    "Sent from my Galaxy A54",
    "Sent from Yahoo Mail for iPhone",
    "Get Outlook for iOS",
    "Von meinem iPhone gesendet",
    "Gesendet mit der GMX Mail App",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Enviado do meu iPhone",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Lähetetty iPhonesta",
    "Wysłane z iPhone'a",
    "Отправлено с iPhone",
    "iPhoneから送信",
    "发自我的iPhone",
    "-- \nAna Ribeiro\nRua Augusta 5",
]


@pytest.mark.parametrize("header", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
def test_an_attribution_and_its_quote_go(header: str) -> None:
    assert strip_quotes(f"{OWN}\n\n{header}\n\n> Hello Ana,\n>\n> have you tried wax?\n") == OWN


@pytest.mark.parametrize("header", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
def test_what_stands_below_an_opening_quote_stays(header: str) -> None:
    assert strip_quotes(f"{header}\n> have you tried wax?\n\n{OWN}") == OWN


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_header_blocks_and_rulers_go(block: str) -> None:
    assert strip_quotes(f"{OWN}\n\n{block}\n") == OWN


@pytest.mark.parametrize("footer", FOOTERS)
def test_mail_programs_footers_go(footer: str) -> None:
    assert strip_quotes(f"{OWN}\n\n{footer}") == OWN


@pytest.mark.parametrize(
    "header",
    [
        "Am 03.03.2026 um 09:12 Uhr, Kestrel Support:",
        "Tue, 3 Mar 2026 at 09:12 Kestrel Support <help@kestrel.example>:",
        "Kestrel Support <help@kestrel.example> 03.03.2026 09:12",
        "--- 3 Mar 2026, 09:12, Kestrel Support ---",
    ],
)
def test_a_date_and_a_sender_say_enough_without_a_verb(header: str) -> None:
    assert strip_quotes(f"{OWN}\n\n{header}\n\nHello Ana, have you tried wax?") == OWN
    assert strip_quotes(f"{OWN}\n\n{header}\n> Hello Ana, have you tried wax?") == OWN


@pytest.mark.parametrize(
    "text",
    [
        "I ordered on 3 March 2026:\n- two mugs\n- one plate",
        "It happened on 03/03/2026 09:12:\nthe lamp went out.",
        "It was booked for\n3 March 2026 09:12 Tall Oak Lane:\nplease change it.",
    ],
)
def test_a_date_alone_opens_no_quote(text: str) -> None:
    assert strip_quotes(text) == text


def test_answers_between_quotes_stay_in_their_order() -> None:
    text = (
        "See below.\n\nOn 3 Mar 2026, at 09:12, Kestrel <help@kestrel.example> wrote:\n"
        "> Which colour?\nBlue.\n> Which size?\nLarge, please.\n"
    )
    kept = strip_quotes(text)
    assert [line for line in kept.split("\n") if not line.startswith(">") and line] == [
        "See below.",
        "Blue.",
        "Large, please.",
    ]
    assert "wrote:" not in kept


@pytest.mark.parametrize(
    "text",
    [
        "I wrote to you on Monday and nobody answered:\n\nwhy?",
        "On the box somebody wrote:\nfragile",
        "Here is what I need:\n- a refund\n- an apology",
        "From: the blue one\nI want the red one",
        "Size: M\nColour: blue\nPlease exchange.",
        "Sent from your warehouse on Monday but never arrived.\nWhat now?",
        "a -- b\nc --- d",
        "> I quote your page\n\nand this is my answer",
        "```\n# not a ruler\n####\ncode\n```\n\nAs above.",
        "price > 50 and < 80\nis that right?",
    ],
)
def test_own_text_that_looks_like_a_quote_stays(text: str) -> None:
    assert strip_quotes(text) == text


def test_windows_line_ends_are_plain_after_it() -> None:
    assert strip_quotes("one\r\ntwo") == "one\ntwo"


@given(st.text(alphabet="ab \n>:-.|@<", max_size=200))
def test_it_is_stable_and_invents_nothing(text: str) -> None:
    kept = strip_quotes(text)
    assert strip_quotes(kept) == kept
    assert set(kept.split("\n")) <= {*text.split("\n"), *text.strip("\n").split("\n"), ""}


@pytest.mark.parametrize(
    "piece",
    [
        "On 1 wrote:\n",
        "On 3 Mar 2026, at 09:12, a@b.co wrote:\n",
        "> On 3 Mar 2026, a@b.co wrote:\n",
        ">\n",
        "From: a\n",
        "--\n",
        "a: b@c\n",
        "Sent from my \n",
    ],
)
def test_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    assert costs_no_more_than_its_length(strip_quotes, piece, 1000)


@pytest.mark.parametrize(
    "quoted",
    [
        "Quoting Kestrel <help@kestrel.example>:\n\n> hello",
        "Kestrel wrote on 03/03/2026 09:12:\n> hello",
        "-------- Alt besked --------\nFra: Kestrel\nDato: 3.3.2026\nTil: Ana\nEmne: Zip",
        "[Quoted text hidden]",
        "> On 3 Mar 2026, at 09:12, Kestrel <help@kestrel.example> wrote:\n>\n> hello",
        "——————————\n小满\n\nKestrel <help@kestrel.example> 在 2026年3月3日 周二 09:12 写道：\n\n你好",
    ],
)
def test_rarer_shapes_go_too(quoted: str) -> None:
    assert strip_quotes(f"{OWN}\n\n{quoted}") == OWN
