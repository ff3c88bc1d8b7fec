"""What quoted mail looks like in some thirty languages: the patterns that `quotes` reads lines with.

A new language is a verb in `WROTE`, its opening word in `OPENS`, its header fields in `FIELD`, and perhaps
its "original message" in `ORIGINAL`.
"""

import re

from support_pipeline.data.wordlists import words

WROTE = (
    r"wrote|writes|schrieb|geschrieben|écrit|ecrit|escribió|escribio|escreveu|ha scritto|scrisse|"
    r"schreef|geschreven|skrev|kirjoitti|napisał(?:\(a\)|a)?|pisze|napsal(?:\(a\)|a)?|napísal(?:\(a\)|a)?|"
    r"написала?|написав|пишет|пише|написа|yazdı|yazmış|写道|寫道|写了|書きました|のメール|님이 작성|작성|كتب|"
    r"írta|a scris|έγραψε|đã viết|menulis|כתב(?:ה)?|napisao(?:/la)?|napisala|je napisal|va escriure|kirjutas|"
    r"rakstīja|rašė"
)
WROTE_LINE = re.compile(rf"(?<!\w)(?:{WROTE})(?![\w-])", re.IGNORECASE)
CJK_WROTE = re.compile(r"写道|寫道|书写|書きました|のメール|작성")

# How an attribution line opens: a preposition with a date, a date, a weekday, or a name with an address.
OPENS = re.compile(
    r"^(?:-{2,}\s*)?(?:"
    r"(?:on|at|am|le|el|em|il|op|den|dnia|w dniu|dne|dňa|vào|pada|în|la|tarihinde|στις|в|у|في|ב)\b.{0,160}?\d"
    r"|\d{1,4}\s?[-/.年 ]"
    r"|(?:mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim|mo|di|mi|do|fr|sa|so|понедельник|вторник|среда|"
    r"четверг|пятница|суббота|воскресенье|pon|wt|śr|czw|pt|sob|ndz)[\w.]{0,8},?\s.{0,60}?\d"
    r"|在\s?\d|.{1,80}<[^<>\s]{1,120}@[^<>\s]{1,120}>"
    r"|[^<>@\s]{1,40}(?: [^<>@\s]{1,40}){0,4} via .{1,60}<"
    r"|\S{1,60}@\S{1,120}\s"
    r")",
    re.IGNORECASE,
)
WHEN_OR_WHO = re.compile(r"\d{1,2}[:.h]\d{2}|\b(?:19|20)\d\d\b|\S@\S|\d{1,2}[/.]\d{1,2}[/.]\d{2}")

DATE_OPENS = re.compile(r"^(?:on|am|le|el|em|il|op|den|dnia|w dniu)\b.{0,80}\d", re.IGNORECASE)

DATE_AND_ADDRESS = re.compile(
    r"\b(?:19|20)\d\d\b.{0,160}\S@\S|\S@\S.{0,160}\b(?:19|20)\d\d\b|\d{1,2}[:.]\d\d.{0,160}\S@\S"
)

# Gmail in some languages: a date and an address, with no verb at all.
DATED_SENDER = re.compile(
    r"^\d{4}(?:[-/]\d{1,2}[-/]\d{1,2}|年\d{1,2}月\d{1,2}日)(?:[^\n]{0,20}\d{1,2}:\d{2})?"
    r"(?: GMT[+-]\d{2}:\d{2} [^\n]{1,120}|[^\n<]{0,100}<\s?\n?[^\s<>@]{1,100}@[^\s<>]{1,150}>\s?:?|[^\n<]{0,100}<)$"
)

# Others set a date, a time and a sender above the quote and say no more.
_DAY = r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}\.?(?: de)? [^\W\d]{3,12}\.?,?(?: de)? \d{4}|[^\W\d]{3,12}\.? \d{1,2},? \d{4})"
_CLOCK = r"\d{1,2}[:.h]\d{2}(?::\d{2})?(?: ?[AaPp]\.?[Mm]\.?)?(?: Uhr)?"
_WHEN = rf"{_DAY}(?:,? ?(?:[^\W\d]{{1,4}} )?{_CLOCK})"
_CALLED = r"[A-ZÀ-Þ][\w'’.-]{1,24}(?: [A-ZÀ-Þ][\w'’.-]{0,24}){1,3}"
_MAILBOX = r"<?[^\s<>@]{1,64}@[^\s<>]{1,120}>?"
DATED_LINE = re.compile(
    rf"(?:-{{2,}} ?)?(?:(?:[^\W\d]{{2,12}}\.?,? ){{0,2}}{_WHEN},? (?:(?:{_CALLED} ?)?{_MAILBOX}:?|{_CALLED} ?(?::|-{{2,}}))"
    rf"|{_CALLED},? {_MAILBOX},? (?:[^\W\d]{{2,4}} )?{_WHEN} ?:?)"
)
DATED_ABOVE_QUOTE = re.compile(
    rf"(?:[^\W\d]{{2,12}}\.?,? ){{0,2}}{_DAY}(?:,? ?(?:[^\W\d]{{1,4}} )?{_CLOCK})?,? (?:{_CALLED} ?)?(?:{_MAILBOX})? ?:?"
)

ORIGINAL = re.compile(
    r"^[\s>*]*(?:[-_=]{2,}|\*{2,}|#{2,}-?|\[)\s*(?:[^\n]{0,30}?)(?:"
    r"original message|original appointment|forwarded message|reply message|forwarded by|"
    r"ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht|"
    r"message d['’]origine|message original|message transféré|"
    r"mensaje original|mensaje reenviado|mensagem original|mensagem encaminhada|mensagem reencaminhada|"
    r"messaggio originale|messaggio inoltrato|oorspronkelijk bericht|doorgestuurd bericht|"
    r"ursprungligt meddelande|originalmeddelande|vidarebefordrat meddelande|oprindelig meddelelse|"
    r"videresendt meddelelse|opprinnelig melding|videresendt melding|alkuperäinen viesti|välitetty viesti|"
    r"wiadomość oryginalna|oryginalna wiadomość|wiadomość przekazana|původní zpráva|přeposlaná zpráva|"
    r"исходное сообщение|пересылаемое сообщение|пересланное сообщение|"
    r"оригінальне повідомлення|переслане повідомлення|orijinal ileti|özgün ileti|iletilen mesaj|"
    r"原始邮件|原始郵件|转发的邮件|轉寄郵件|邮件原件|元のメッセージ|転送されたメッセージ|원본 메시지|"
    r"eredeti üzenet|továbbított üzenet|mesaj original|mesaj redirecționat|αρχικό μήνυμα|προωθημένο μήνυμα|izvorna poruka|"
    r"originalna poruka|izvirno sporočilo|pôvodná správa|preposlaná správa|оригинално съобщение|missatge original|"
    r"thư gốc|tin nhắn gốc|pesan asli|הודעה מקורית|הודעה שהועברה|الرسالة الأصلية|رسالة معاد توجيهها|algne kiri|"
    r"sākotnējais ziņojums|originalus laiškas|upprunaleg skilaboð|ข้อความต้นฉบับ|"
    r"quoted text hidden|"
    r"(?:type|write|enter) your reply above|reply above (?:this|the) line|above this line to reply"
    r")[^\n]{0,60}$",
    re.IGNORECASE,
)
BEGIN_FORWARD = re.compile(
    r"^[\s>]*(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)|début du (?:message|e-mail) "
    r"(?:réexpédié|transféré)|inizio messaggio inoltrato|inicio del mensaje reenviado|"
    r"início da mensagem (?:encaminhada|reenviada)|begin doorgestuurd bericht|vidarebefordrat mejl|"
    r"начало переадресованного сообщения|początek przekazywanej wiadomości)\s*:\s*$",
    re.IGNORECASE,
)

FIELD = (
    r"from|sent|date|to|cc|bcc|subject|reply-to|importance|attachments|"
    r"von|gesendet(?: am)?|datum|an|betreff|antwort an|"
    r"de|envoyé|à|objet|répondre à|enviado(?: el| em)?|fecha|para|asunto|data|assunto|"
    r"da|risposta|inviato|a|oggetto|van|verzonden|aan|onderwerp|"
    r"från|skickat|till|ämne|fra|sendt|til|emne|dato|lähettäjä|lähetetty|vastaanottaja|aihe|päivämäärä|"
    r"od|wysłano|wysłane|do|temat|odesláno|komu|předmět|predmet|"
    r"от|от кого|отправлено|дата|кому|тема|від|надіслано|"
    r"kimden|gönderen|gönderildi|gönderme tarihi|tarih|kime|kimeden|konu|"
    r"发件人|寄件者|发送时间|寄件日期|日期|收件人|收件者|主题|主旨|差出人|送信日時|日時|宛先|件名|"
    r"feladó|küldve|elküldve|dátum|címzett|másolat|tárgy|de la|trimis|către|subiect|"
    r"από|στάλθηκε|ημερομηνία|προς|κοιν|θέμα|šalje|poslano|za|prima|zadeva|pošiljatelj|prejemnik|"
    r"изпратено|относно|до|копие|відправлено|odoslané|odesílatel|enviat|per a|assumpte|"
    r"từ|gửi|đến|ngày|chủ đề|tiêu đề|dari|dikirim|kepada|tanggal|subjek|perihal|จาก|ถึง|วันที่|เรื่อง|"
    r"מאת|נשלח|אל|תאריך|נושא|من|إلى|تاريخ|التاريخ|الموضوع|saatja|saadetud|saaja|teema|no|nosūtīts|kam|temats|nuo|išsiųsta|kam|tema|"
    r"보낸 사람|보낸 날짜|받는 사람|날짜|제목"
)
HEADER_FIELD = re.compile(
    rf"^[\s>|]*[*_]{{0,2}}({FIELD})\s?[*_]{{0,2}}\s?[:：][*_]{{0,2}}(?:\s|$|\S)", re.IGNORECASE
)
FIRST_FIELD = words(
    "feladó από šalje pošiljatelj odesílatel từ dari จาก מאת من saatja nuo no from von de da van från fra od от от кого від kimden gönderen 发件人 寄件者 差出人 lähettäjä sent date subject to"
) | {"от кого", "보낸 사람", "de la"}

QUOTE = re.compile(r"^\s{0,3}(?:>|\|(?=\s|$))|^\s{0,3}[A-Z][\w-]{0,12}>(?=\s|$)")
RULER = re.compile(r"^\s*(?:[-_=*#~+]{2,}|—+|–+|ᐧ)\s*$")
SIGNATURE_RULER = re.compile(r"^\s*(?:--|—|–|_{5,}|-{5,}|—{5,})\s*$")
WORDED_RULER = re.compile(r"^[\s>*]*[-_=]{3,}\s*[^-_=\n]{3,40}\s*[-_=]{3,}[\s*]*$")
QUOTING = re.compile(
    r"^\s*(?:quoting|quoted from|zitat von|citando|citaat van|citation de|citat från|cytowanie)\s",
    re.IGNORECASE,
)
FENCE = re.compile(r"^\s*(?:```|~~~\w)")

DEVICE = (
    r"iphone|ipad|ipod|ios|android|mobile?\b|mobiltelefon|mobilgerät|smartphone|handy|phone|cell|blackberry|samsung|"
    r"galaxy|htc|huawei|xiaomi|oneplus|pixel|nokia|lumia|windows|outlook|hotmail|yahoo|gmail|mailbox|airmail|e?mail\b|"
    r"proton|thunderbird|spark|surface|tablet|device|portable|móvil|movil|celular|telefon[eo]?|téléphone|mac\b|"
    r"gsm|alcatel|motorola|sony|xperia|honor|kindle|bluemail|aquamail|k-9|telefoon|телефон|mobil"
)
SENT_FROM = re.compile(
    rf"^\s*[<(\[*_]{{0,3}}(?:"
    rf"(?:sent|posted|written) (?:from|via|with|by|using) (?:my (?!order|account|address|e-?mail to)\S.{{0,70}}|[^\n]{{0,40}}(?:{DEVICE})\S*.{{0,60}})"
    rf"|(?:\w+ )?from (?:my |a )?(?:{DEVICE}).{{0,20}}"
    rf"|get \[?outlook for .{{0,60}}|scarica outlook .{{0,60}}|obtener outlook .{{0,60}}|obtenez outlook .{{0,60}}"
    rf"|outlook für .{{0,60}} (?:beziehen|herunterladen).{{0,40}}"
    rf"|envoy[ée] (?:depuis|de|à partir|avec)[^\n]{{0,40}}(?:{DEVICE}).{{0,40}}"
    rf"|(?:diese nachricht wurde )?(?:von|mit) mein\w+ [^\n]{{0,60}}gesendet.{{0,10}}"
    rf"|gesendet (?:von|mit|aus)[^\n]{{0,40}}(?:{DEVICE}).{{0,40}}"
    rf"|enviad[oa] (?:desde|do|da|de|a partir)[^\n]{{0,40}}(?:{DEVICE}).{{0,40}}"
    rf"|inviato (?:da|dal|dalla|con)[^\n]{{0,40}}(?:{DEVICE}).{{0,40}}"
    rf"|(?:verzonden|verstuurd) (?:met|vanaf|via|vanuit)[^\n]{{0,40}}(?:{DEVICE}).{{0,40}}"
    rf"|(?:skickat|sendt|sent) (?:från|fra|via)[^\n]{{0,40}}(?:{DEVICE}).{{0,40}}"
    rf"|lähetetty [^\n]{{0,40}}(?:{DEVICE}).{{0,40}}"
    rf"|wysłan[eoy] z[^\n]{{0,40}}(?:{DEVICE}).{{0,40}}|odesláno z[^\n]{{0,40}}(?:{DEVICE}).{{0,40}}"
    rf"|отправлено (?:с|из|от)\s.{{0,60}}|надіслано (?:з|із)\s.{{0,60}}"
    rf"|.{{0,40}}(?:から送信|'?den gönderildi|'?dan gönderildi|에서 보냄).{{0,5}}"
    rf"|(?:從我的|发自我的|寄自我的|发自).{{0,30}}"
    rf")[>)\]*_]{{0,3}}\s*$",
    re.IGNORECASE,
)

# What every quoted mail holds at least one of; a cheap look before the lines are read.
MARKS = (
    "\n>",
    "\n|",
    ":\n",
    "：\n",
    ": \n",
    "--",
    "__",
    "—\n",
    "–\n",
    "> ",
    ">\n",
    ">:",
    "GMT",
    "ᐧ",
    "**",
    "[Quoted",
    "##",
    "==",
    "~~",
)
SENT = re.compile(
    r"sent |posted|from |outlook|envoy|gesendet|enviad|inviato|verzonden|verstuurd|skickat|sendt|lähet|wysłan|odesl|отправ|надісл|"
    r"送信|gönder|보냄|傳送|发自|寄自|發自"
)
