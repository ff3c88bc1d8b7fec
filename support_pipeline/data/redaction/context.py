"""The words right before a number, which say what the number is."""

import re
from functools import cached_property

from support_pipeline.data.wordlists import words

_WORD = re.compile(r"[^\W\d_]+")
_REACH = 44

_PHONE = words(
    """tel phone phones ph call mobile mob cell cellphone fax whatsapp sms text desk office reach dial ring contact handy telefon
    telefono telephone movil celular telefoon telefonnummer rufnummer registered messages message answering"""
)
_CARD = words("card cards credit debit visa mastercard amex maestro cc karte kreditkarte carte tarjeta carta")
_PARCEL = words(
    """parcel shipment consignment awb waybill fedex ups usps dhl dpd gls hermes evri suivi seguimiento rastreo rastreamento
    spedizione zending"""
)
_PARCEL_STEMS = ("track", "sendung")
_ORDER = words(
    """order orders ordered invoice rma return ticket case reference ref transaction txn booking confirmation account acct
    customer receipt purchase commande facture pedido factura encomenda fatura ordine fattura bestelling bestallning ordre
    id po serial sn imei seriennummer"""
)
_ORDER_STEMS = ("bestell", "ordern", "auftrag", "rechnung", "kunden", "zamowieni")
# What carries a code that is the product's and nobody's in particular.
_TECHNICAL = words(
    """error errors err fehler fehlercode fehlermeldung erreur errore fout fault exception bug model modell modele modelo part sku firmware
    version standard norm"""
)
# Words that may stand between "order" and its number; the first kind says that a number follows.
_NUMBER_SIGN = words("number num no nr nummer id code numero n ref")
_MY_NUMBER = (["my", "number"], ["my", "number", "is"], ["my", "new", "number"])
_LINK = words("is was the s and or und et y")


class Context:
    """What stands before offset `start` on its line, or on the line above when the number opens one."""

    def __init__(self, low: str, start: int) -> None:
        before = low[max(0, start - _REACH) : start]
        above, _, line = before.rpartition("\n")
        self._line = line if line.strip(" (+#") else above.rpartition("\n")[2]
        self._words = _WORD.findall(self._line)

    @cached_property
    def phone(self) -> bool:
        """A word like "call" or "mobile" announces it."""
        return (
            not _PHONE.isdisjoint(self._words)
            or self._words[-3:] in _MY_NUMBER
            or self._words[-2:] in _MY_NUMBER
        )

    @cached_property
    def card(self) -> bool:
        """A payment card is spoken of."""
        return not _CARD.isdisjoint(self._words)

    @cached_property
    def parcel(self) -> bool:
        """A parcel or its tracking is spoken of."""
        return not _PARCEL.isdisjoint(self._words) or any(
            word.startswith(_PARCEL_STEMS) for word in self._words
        )

    @cached_property
    def technical(self) -> str:
        """ "" when no error, model or part is named right before; "named", or "numbered" where its number is announced."""
        numbered = False
        if not (_ORDER - _NUMBER_SIGN).isdisjoint(self._words):
            return ""
        for word in reversed(self._words[-4:]):
            if word in _TECHNICAL:
                return "numbered" if numbered else "named"
            if word in _NUMBER_SIGN:
                numbered = True
            elif word not in _LINK:
                return ""
        return ""

    @cached_property
    def order(self) -> str:
        """ "" when no order is named right before; "named", or "numbered" where a number is announced too."""
        numbered = self._line.rstrip().endswith((":", "#", "№", "°", "º", "="))
        for word in reversed(self._words[-5:]):
            if word in _ORDER and not (word in _NUMBER_SIGN and len(self._words) > 1 and not numbered):
                return "numbered" if numbered else "named"
            if word.startswith(_ORDER_STEMS):
                return "numbered" if numbered or word.endswith(("nummer", "nr")) else "named"
            if word in _NUMBER_SIGN:
                numbered = True
            elif word not in _LINK:
                return ""
        return ""
