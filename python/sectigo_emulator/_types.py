"""What the control API answers, as dataclasses, and the keyword arguments by which it is written.

Names are the API's, spelled as Python spells them: `orderNumber` is `order_number`, `caCertificateID` is
`ca_certificate_id`. The OpenAPI document (`sectigo-emulator openapi`) describes each field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Optional, TypedDict, Union

from sectigo_emulator._convert import Span, When

Product = Literal["smime", "code-signing"]
State = Literal["pending", "being-issued", "issued", "replaced", "revoked", "rejected", "expired", "on-hold", "unpaid"]
SignatureHash = Literal["NO_PREFERENCE", "INFER_FROM_CSR", "PREFER_SHA2", "REQUIRE_SHA2"]
IssuanceFailure = Literal["pre-sign", "post-sign"]
Payment = Literal["at-once", "later", "no-credit"]
Kind = Literal["call", "push"]
MailKind = Literal["verification", "invitation", "collection"]
Disconnect = Literal["before", "mid-body"]


@dataclass(frozen=True)
class Revocation:
    """What the caller of a revocation said."""

    at: datetime
    code_reason: int
    revocation_reason: str = ""


@dataclass(frozen=True)
class Order:
    """An order, in the state that it is in now."""

    order_number: int
    login_name: str
    product: Product
    state: State
    issued: Optional[datetime] = None
    expires: Optional[datetime] = None
    due: Optional[datetime] = None
    certificate_id: Optional[int] = None
    csr: Optional[str] = None
    days: Optional[int] = None
    email: Optional[str] = None
    organization: Optional[str] = None
    organization_identifier: Optional[str] = None
    country_name: Optional[str] = None
    state_or_province_name: Optional[str] = None
    locality_name: Optional[str] = None
    product_code: Optional[int] = None
    ca_certificate_id: Optional[int] = None
    signature_hash: Optional[SignatureHash] = None
    revocation: Optional[Revocation] = None
    stage: Optional[str] = None
    issuance_fails: Optional[IssuanceFailure] = None
    collection_code: Optional[str] = None
    language_name: Optional[str] = None
    smime_collection_template_id: Optional[int] = None
    smime_request_template_id: Optional[int] = None
    smime_verification_template_id: Optional[int] = None
    issued_after_polls: Optional[int] = None
    keep_key: bool = False
    collected: bool = False
    test: bool = False


class OrderFields(TypedDict, total=False):
    """What an order is made with, besides its product and its account: None removes a field."""

    order_number: int
    state: State
    issued: Optional[When]
    expires: Optional[When]
    due: Optional[When]
    certificate_id: Optional[int]
    csr: Optional[str]
    days: Optional[int]
    email: Optional[str]
    organization: Optional[str]
    organization_identifier: Optional[str]
    country_name: Optional[str]
    state_or_province_name: Optional[str]
    locality_name: Optional[str]
    product_code: Optional[int]
    ca_certificate_id: Optional[int]
    signature_hash: Optional[SignatureHash]
    revocation: Union[Revocation, Mapping[str, object], None]
    stage: Optional[str]
    issuance_fails: Optional[IssuanceFailure]
    collection_code: Optional[str]
    language_name: Optional[str]
    smime_collection_template_id: Optional[int]
    smime_request_template_id: Optional[int]
    smime_verification_template_id: Optional[int]
    issued_after_polls: Optional[int]
    keep_key: Optional[bool]
    collected: Optional[bool]
    test: Optional[bool]


class OrderChanges(OrderFields, total=False):
    """What of an order changes."""

    login_name: str
    product: Product


@dataclass(frozen=True)
class CallLimit:
    """So many calls are allowed in any span of that length."""

    calls: int
    per: timedelta
    counted: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Push:
    """Where changes of an account's orders are pushed to; answers have neither the user nor the password."""

    url: str
    certificate: bool = False
    collection: bool = True
    user: Optional[str] = None
    password: Optional[str] = None


@dataclass(frozen=True)
class Account:
    """An account, without its password."""

    login_name: str
    locked: bool = False
    account_id: Optional[int] = None
    reseller: Optional[str] = None
    permissions: Optional[tuple[str, ...]] = None
    ca_certificate_ids: tuple[int, ...] = ()
    template_ids: tuple[int, ...] = ()
    call_limit: Optional[CallLimit] = None
    voucher: Union[str, bool, None] = None
    payment: Payment = "at-once"
    unpriced: tuple[int, ...] = ()
    issued_after_polls: Optional[int] = None
    strict_polling: Optional[timedelta] = None
    push: Optional[Push] = None


class AccountFields(TypedDict, total=False):
    """What an account is made with, besides its login name and its password: None removes a field."""

    locked: Optional[bool]
    account_id: Optional[int]
    reseller: Optional[str]
    permissions: Optional[Sequence[str]]
    ca_certificate_ids: Optional[Sequence[int]]
    template_ids: Optional[Sequence[int]]
    call_limit: Union[CallLimit, Mapping[str, object], None]
    voucher: Union[str, bool, None]
    payment: Optional[Payment]
    unpriced: Optional[Sequence[int]]
    issued_after_polls: Optional[int]
    strict_polling: Optional[Span]
    push: Union[Push, Mapping[str, object], None]


class AccountChanges(AccountFields, total=False):
    """What of an account changes."""

    login_name: str
    login_password: str


@dataclass(frozen=True)
class Clock:
    """What a sandbox's clock shows."""

    now: datetime
    frozen: bool
    real_now: datetime


@dataclass(frozen=True)
class Then:
    """What a fault does; one of the fields but `argument` and `body` is set."""

    code: Optional[int] = None
    argument: Optional[str] = None
    delay: Optional[timedelta] = None
    status: Optional[int] = None
    body: Optional[str] = None
    disconnect: Optional[Disconnect] = None
    garble: bool = False
    throttle: Optional[int] = None


@dataclass(frozen=True)
class Fault:
    """A fault: what happens, and to which calls."""

    id: int
    then: Then
    endpoint: Optional[str] = None
    login_name: Optional[str] = None
    order_number: Optional[int] = None
    skip: int = 0
    times: Optional[int] = None
    probability: Optional[float] = None
    ttl: Optional[timedelta] = None
    hits: int = 0
    until: Optional[datetime] = None


class CallFilter(TypedDict, total=False):
    """Which calls are meant, besides their endpoint; all, if nothing is said."""

    kind: Kind
    login_name: str
    order_number: Union[int, str]
    code: int
    since: When


@dataclass(frozen=True)
class Argument:
    """An argument of a call; `***` stands for a password."""

    name: str
    value: str


@dataclass(frozen=True)
class Call:
    """A call that was answered, passwords masked; or a try to push a change of an order."""

    id: int
    time: datetime
    real_time: datetime
    sandbox: str
    endpoint: str
    arguments: tuple[Argument, ...]
    status: int
    reply: str
    took_micros: int
    hint: str
    kind: Kind = "call"
    code: Optional[int] = None
    login_name: Optional[str] = None
    order_number: Optional[int] = None
    fault: Optional[int] = None
    try_: Optional[int] = None
    url: Optional[str] = None

    def argument(self, name: str) -> Optional[str]:
        """The first argument of that name, compared without case; None if there is none."""
        return next((one.value for one in self.arguments if one.name.lower() == name.lower()), None)

    def __str__(self) -> str:
        words = [f"#{self.id}", self.endpoint]
        if self.login_name is not None:
            words.append(f"loginName={self.login_name}")
        if self.order_number is not None:
            words.append(f"orderNumber={self.order_number}")
        answer = f"HTTP {self.status}" if self.code is None else str(self.code)
        return f"{' '.join(words)} -> {answer}: {self.hint}"


@dataclass(frozen=True)
class Difference:
    """A field in which a call differs from what was asked for."""

    field: str
    wanted: str
    found: Optional[str] = None


@dataclass(frozen=True)
class NearCall:
    """A call that is nearly what was asked for."""

    call: Call
    differs: tuple[Difference, ...]


@dataclass(frozen=True)
class Count:
    """How many calls there are, and whether they are enough."""

    count: int
    reached: bool
    nearest: tuple[NearCall, ...] = ()
    forgotten: int = 0


@dataclass(frozen=True)
class Extension:
    """An extension of a certificate."""

    name: str
    critical: bool
    values: tuple[str, ...]


@dataclass(frozen=True)
class Certificate:
    """A description of a certificate."""

    issuer: str
    serial_number: str
    subject: str
    issuer_subject: str
    not_before: datetime
    not_after: datetime
    sha256_fingerprint: str
    public_key: str
    signature_algorithm: str
    extensions: tuple[Extension, ...]
    pem: str
    profile: Optional[str] = None
    hint: Optional[str] = None
    ocsp_request: Optional[str] = None


@dataclass(frozen=True)
class Mail:
    """A mail that would have been sent."""

    id: int
    time: datetime
    kind: MailKind
    to: str
    order_number: int
    collection_code: str
    language_name: Optional[str] = None
    template_id: Optional[int] = None


@dataclass(frozen=True)
class SandboxInfo:
    """A sandbox at a glance."""

    name: str
    path: str
    logins: tuple[str, ...]
    orders: int
    accounts: int
    calls: int
    ttl: Optional[timedelta] = None
    expires_in: Optional[timedelta] = None


@dataclass(frozen=True)
class Health:
    """What an emulator says of itself: its version, and the URLs of its listeners."""

    status: str
    version: str
    https: Optional[str] = None
    http: Optional[str] = None
    control: Optional[str] = None
