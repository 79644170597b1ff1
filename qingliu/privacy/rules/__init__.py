"""What is personal in a value, what kind of name a name is, what an address says, and how each is masked. Pure functions."""

from qingliu.privacy.rules.address_parts import Address, Level
from qingliu.privacy.rules.addresses import parse_address, parse_addresses, split_addresses
from qingliu.privacy.rules.generalising import generalise_address, generalise_point, normalise_address
from qingliu.privacy.rules.masking import SURE_ENOUGH, mask_name, mask_person, mask_text
from qingliu.privacy.rules.name_fields import NameKind, NameVerdict, classify_name, plainly_a_firm
from qingliu.privacy.rules.recognising import may_hold, recognise, suspicious
from qingliu.privacy.rules.spans import ALL_KINDS, Kind, Span

__all__ = [
    "ALL_KINDS",
    "SURE_ENOUGH",
    "Address",
    "Kind",
    "Level",
    "NameKind",
    "NameVerdict",
    "Span",
    "classify_name",
    "generalise_address",
    "generalise_point",
    "mask_name",
    "mask_person",
    "mask_text",
    "may_hold",
    "normalise_address",
    "parse_address",
    "parse_addresses",
    "plainly_a_firm",
    "recognise",
    "split_addresses",
    "suspicious",
]
