"""Signed PDFs as strangers make them: their own authority, pyHanko as it comes, bytes by hand."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pikepdf
from asn1crypto import crl as asn1_crl
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigFieldSpec, append_signature_field
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from dealwright.base.loops import complete
from signing.make import make_pdf, with_changes

_DER = serialization.Encoding.DER
_START = datetime(2020, 1, 1, tzinfo=UTC)
_END = datetime(2060, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    """A certificate and the key to it."""

    certificate: x509.Certificate
    key: Any
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def asn1(self) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(self.certificate.public_bytes(_DER))

    @property
    def asn1_key(self) -> asn1_keys.PrivateKeyInfo:
        plain = serialization.NoEncryption()
        der = self.key.private_bytes(_DER, serialization.PrivateFormat.PKCS8, plain)
        return asn1_keys.PrivateKeyInfo.load(der)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def signer(self) -> SimpleSigner:
        store = SimpleCertificateStore()
        store.register(authority().asn1)
        return SimpleSigner(self.asn1, self.asn1_key, store, **self.options)


def _key(kind: str) -> Any:
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(
        {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}[kind]
    )


def _certify(
    name: str,
    key: Any,
    issuer: Person | None,
    *extensions: tuple[x509.ExtensionType, bool],
    ends: datetime = _END,
) -> x509.Certificate:
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer.certificate.subject if issuer else own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_START)
        .not_valid_after(ends)
    )
    for extension, critical in extensions:
        made = made.add_extension(extension, critical)
    return made.sign(issuer.key if issuer else key, hashes.SHA256())


def _usage(*names: str) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{each: each in names for each in every})


@cache
def authority() -> Person:
    """The root that a reader may choose to trust."""
    key = _key("p256")
    certificate = _certify(
        "Foreign Root",
        key,
        None,
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (_usage("key_cert_sign", "crl_sign"), True),
    )
    return Person(certificate, key)


@cache
def person(kind: str = "p256", name: str = "Foreign Signer", *, pss: bool = False) -> Person:
    key = _key(kind)
    usage = _usage("digital_signature", "content_commitment")
    certificate = _certify(name, key, authority(), (usage, True))
    return Person(certificate, key, {"prefer_pss": True} if pss else {})


@cache
def expired() -> Person:
    key = _key("p256")
    usage = _usage("digital_signature", "content_commitment")
    ends = datetime(2021, 1, 1, tzinfo=UTC)
    return Person(_certify("Expired", key, authority(), (usage, True), ends=ends), key)


@cache
def self_signed() -> Person:
    key = _key("p256")
    return Person(_certify("Nobody", key, None, (_usage("digital_signature"), True)), key)


@cache
def web_server() -> Person:
    """A certificate of the same root that is for something else."""
    key = _key("p256")
    certificate = _certify(
        "Web",
        key,
        authority(),
        (_usage("key_encipherment"), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), True),
    )
    return Person(certificate, key)


@cache
def clock() -> DummyTimeStamper:
    """A time-stamping authority below the root."""
    key = _key("rsa")
    certificate = _certify(
        "Foreign Clock",
        key,
        authority(),
        (_usage("digital_signature"), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),
    )
    stamping = Person(certificate, key)
    store = SimpleCertificateStore()
    store.register(authority().asn1)
    return DummyTimeStamper(stamping.asn1, stamping.asn1_key, store)


def revocations(*revoked: Person) -> asn1_crl.CertificateList:
    """The root's list of revoked certificates, fresh."""
    now = datetime.now(UTC)
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority().certificate.subject)
        .last_update(now - timedelta(hours=1))
        .next_update(now + timedelta(days=30))
        .add_extension(x509.CRLNumber(1), False)
    )
    for each in revoked:
        entry = x509.RevokedCertificateBuilder(
            each.certificate.serial_number, datetime(2021, 1, 1, tzinfo=UTC)
        )
        made = made.add_revoked_certificate(entry.build())
    der = made.sign(authority().key, hashes.SHA256()).public_bytes(_DER)
    return asn1_crl.CertificateList.load(der)


def proof() -> ValidationContext:
    return ValidationContext(
        trust_roots=[authority().asn1],
        crls=[revocations()],
        allow_fetching=False,
        revocation_mode="require",
    )


@cache
def plain(
    *paragraphs: str,
    pages: int = 1,
    tables: bool = True,
) -> bytes:
    """An unsigned PDF with a classic cross-reference table, or without one."""
    mode = pikepdf.ObjectStreamMode.disable if tables else pikepdf.ObjectStreamMode.generate
    return saved(make_pdf(*paragraphs, pages=pages), object_stream_mode=mode)


def saved(pdf: bytes, **options: Any) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(out, **options)
    return out.getvalue()


def sign(
    pdf: bytes,
    who: Person | None = None,
    *,
    name: str = "First",
    field: SigFieldSpec | None = None,
    stamped: bool = False,
    strict: bool = True,
    reserved: int | None = None,
    password: str | None = None,
    **options: Any,
) -> bytes:
    """Sign incrementally in a field that is there or is made now."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=strict)
    if password is not None:
        writer.encrypt(password)
    fields = writer.root["/AcroForm"]["/Fields"] if "/AcroForm" in writer.root else []
    if not any(each.get_object()["/T"] == name for each in fields):
        append_signature_field(writer, field or SigFieldSpec(name))
    metadata = PdfSignatureMetadata(
        **{"field_name": name, "md_algorithm": "sha256", "signer_key_usage": set(), **options}
    )
    signer = PdfSigner(
        metadata,
        signer=(who or person()).signer(),
        timestamper=clock() if stamped else None,
    )
    return bytes(complete(signer.async_sign_pdf(writer, bytes_reserved=reserved)).getvalue())


def with_fields(*names: str) -> Any:
    """A change for ``with_changes``: text fields, one below the other, each saying “100 EUR”."""

    def change(pdf: pikepdf.Pdf) -> None:
        made = []
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        for at, name in enumerate(names):
            look = pikepdf.Stream(pdf, appearance("100 EUR"))
            look.Type, look.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
            look.BBox = pikepdf.Array([0, 0, 200, 30])
            look.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
            widget = pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Tx,
                T=pikepdf.String(name),
                V=pikepdf.String("100 EUR"),
                DA=pikepdf.String("/F1 14 Tf 0 g"),
                Rect=pikepdf.Array([60, 600 - 40 * at, 260, 630 - 40 * at]),
                F=4,
                AP=pikepdf.Dictionary(N=pdf.make_indirect(look)),
                P=pdf.pages[0].obj,
            )
            made.append(pdf.make_indirect(widget))
        pdf.pages[0].obj.Annots = pikepdf.Array(made)
        pdf.Root.AcroForm = pikepdf.Dictionary(
            Fields=pikepdf.Array(made),
            DA=pikepdf.String("/F1 14 Tf 0 g"),
            DR=pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font))),
        )

    return change


def appearance(text: str) -> bytes:
    return f"1 g 0 0 200 30 re f 0 g BT /F1 14 Tf 4 8 Td ({text}) Tj ET".encode()


@cache
def form(*names: str) -> bytes:
    """An unsigned form with a table of objects."""
    changed = with_changes(make_pdf("The price:"), with_fields(*(names or ("amount",))))
    mode = pikepdf.ObjectStreamMode.disable
    return saved(
        changed,
        object_stream_mode=mode,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
    )


# By hand: no library looks at what is written here.


def trailer_of(pdf: bytes) -> dict[str, Any]:
    """Root, size and the place of the newest table, as the end of the file says."""
    start = int(pdf.rsplit(b"startxref", 1)[1].split()[0])
    root = re.findall(rb"/Root (\d+) 0 R", pdf)[-1]
    size = re.findall(rb"/Size (\d+)", pdf)[-1]
    ids = re.findall(rb"/ID\s*\[[^\]]*\]", pdf)
    return {
        "start": start,
        "root": int(root),
        "size": int(size),
        "id": ids[-1] if ids else b"",
    }


def update(
    pdf: bytes,
    objects: Mapping[int, bytes],
    *,
    root: int | None = None,
    previous: int | None = None,
    extra: bytes = b"",
) -> bytes:
    """An incremental update: objects by number, a table, a trailer."""
    now = trailer_of(pdf)
    out = bytearray(pdf)
    if not out.endswith(b"\n"):
        out += b"\n"
    rows = []
    for number, body in sorted(objects.items()):
        rows.append((number, len(out)))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n"
    for number, place in rows:
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    if not rows:
        out += b"0 0\n"
    size = max([now["size"], *(number + 1 for number in objects)])
    before = now["start"] if previous is None else previous
    out += b"trailer\n<< /Size %d /Root %d 0 R /Prev %d %s %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        root or now["root"],
        before,
        now["id"],
        extra,
        start,
    )
    return bytes(out)


def body_of(pdf: bytes, number: int) -> bytes:
    """The newest text of an object of a file whose objects stand in the open."""
    found = re.findall(rb"(?:^|[\r\n])%d 0 obj\b(.*?)\bendobj" % number, pdf, re.DOTALL)
    assert found, f"no object {number}"
    return bytes(found[-1].strip())


def number_of(pdf: bytes, *path: str | int) -> int:
    """The number of the indirect object at a path from the root, such as "/Pages", "/Kids", 0."""
    with pikepdf.open(io.BytesIO(pdf), suppress_warnings=True) as document:
        node: Any = document.Root
        for step in path:
            node = node[step]
        assert node.is_indirect
        return int(node.objgen[0])


def stream(content: bytes, more: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), more, content)


def text_page(text: str) -> bytes:
    return b"BT /F1 24 Tf 60 700 Td (%s) Tj ET" % text.encode()


HAND_CATALOG, HAND_PAGES, HAND_FONT, HAND_FIRST, HAND_TEXT = 1, 2, 3, 4, 5


@cache
def by_hand(*texts: str, between: bytes = b"") -> bytes:
    """A PDF with one line of text on each page, every object in the open, in this order:
    catalog, page tree, font, then a page and its text for each text. ``between`` stands
    before the table, named by nothing."""
    texts = texts or ("Price: 100 EUR", "Delivery: in June")
    kids = b" ".join(b"%d 0 R" % (4 + 2 * at) for at in range(len(texts)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [ %s ] /Count %d >>" % (kids, len(texts)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for at, text in enumerate(texts):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 595 842 ] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * at)
        )
        objects.append(stream(text_page(text)))
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    out += between
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(out)


def hybrid() -> bytes:
    """As office programs write: the outline stands in a stream of objects, and only a table for
    newer readers, named by the classic one, knows it.."""
    pdf = by_hand().replace(b"/Type /Catalog", b"/Type /Catalog /Outlines 8 0 R")
    out = bytearray(pdf[: pdf.rindex(b"xref\n0")])
    places = {n: pdf.index(b"%d 0 obj" % n) for n in range(1, 8)}
    hidden = b"<< /Type /Outlines >>"
    packed = b"8 0 " + hidden
    places[9] = len(out)
    out += b"9 0 obj\n" + stream(packed, b"/Type /ObjStm /N 1 /First 4") + b"\nendobj\n"
    newer = len(out)
    rows = bytes([2, 0, 9, 0])  # object 8: the first in stream 9
    out += (
        b"10 0 obj\n"
        + stream(rows, b"/Type /XRef /Size 11 /W [ 1 2 1 ] /Index [ 8 1 ] /Root 1 0 R")
        + b"\nendobj\n"
    )
    places[10] = newer
    table = len(out)
    out += b"xref\n0 11\n0000000000 65535 f \n"
    for number in range(1, 11):
        place = places.get(number)
        out += b"0000000000 00000 f \n" if place is None else b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size 11 /Root 1 0 R /XRefStm %d >>\n" % newer
    out += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(out)


def sign_by_hand(
    pdf: bytes, sign_bytes: Any, *, subfilter: bytes = b"adbe.pkcs7.detached", room: int = 8_000
) -> bytes:
    """Sign without any library for PDF: ``sign_bytes`` makes the value from what is covered."""
    number = int(trailer_of(pdf)["size"])
    catalog = body_of(pdf, HAND_CATALOG).rstrip(b">").rstrip()
    page = body_of(pdf, HAND_FIRST).rstrip(b">").rstrip()
    hole = b"<" + b"0" * room + b">"
    unknown = b"[0 0000000000 0000000000 0000000000]"
    filled = update(
        pdf,
        {
            HAND_CATALOG: catalog + b" /AcroForm << /Fields [ %d 0 R ] /SigFlags 3 >> >>" % number,
            HAND_FIRST: page + b" /Annots [ %d 0 R ] >>" % number,
            number: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Hand) /Rect [ 0 0 0 0 ] "
            b"/F 132 /V %d 0 R /P 4 0 R >>" % (number + 1),
            number + 1: b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /%s /ByteRange %s "
            b"/Contents %s >>" % (subfilter, unknown, hole),
        },
    )
    start = filled.index(hole)
    after = start + len(hole)
    known = b"[0 %010d %010d %010d]" % (start, after, len(filled) - after)
    filled = filled.replace(unknown, known)
    value = sign_bytes(filled[:start] + filled[after:]).hex().encode()
    return filled[: start + 1] + value.ljust(room, b"0") + filled[after - 1 :]
