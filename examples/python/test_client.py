import pytest
import requests
from client import Client, SectigoError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp


@pytest.fixture
def client(sectigo):
    return Client(sectigo.base_url, "login_name", "login_password", sectigo.ca_file)


def test_a_replaced_certificate_is_collected_and_verified(sectigo, client):
    old, key = sectigo.orders.create("smime", email="jane@example.com"), ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    leaf, issuer, root = client.collect(client.replace(old.order_number, csr.public_bytes(Encoding.PEM)))
    assert leaf.public_key() == key.public_key()
    leaf.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(root)
    assert revocation(leaf, issuer) == (False, ocsp.OCSPCertStatus.GOOD)
    sectigo.calls.expect("!AutoReplaceSMIME", order_number=old.order_number, code=0)


def test_a_certificate_is_revoked_through_a_gateway_that_fails_once(sectigo, client):
    number = sectigo.orders.create("code-signing").order_number
    sectigo.faults.add(status=503, times=1)
    client.revoke(number, "lost")
    pems = sectigo.certificates.pem(number) + sectigo.certificates.chain(number)
    leaf, issuer, _ = x509.load_pem_x509_certificates(pems.encode())
    assert revocation(leaf, issuer) == (True, ocsp.OCSPCertStatus.REVOKED)
    assert [call.status for call in sectigo.calls.list("!autoRevokeCS")] == [503, 200]


def test_an_expired_certificate_cannot_be_revoked(sectigo, client):
    order = sectigo.orders.create("code-signing")
    sectigo.clock.advance(days=400)
    with pytest.raises(SectigoError, match="-35"):
        client.revoke(order.order_number, "lost")


def revocation(leaf, issuer):  # what the CRL and the OCSP responder say that the certificate names
    points = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    crl = x509.load_der_x509_crl(requests.get(points[0].full_name[0].value).content)
    assert crl.is_signature_valid(issuer.public_key())
    urls = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    url = {one.access_method: one.access_location.value for one in urls}[x509.AuthorityInformationAccessOID.OCSP]
    request = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, hashes.SHA1()).build()
    reply = requests.post(url, request.public_bytes(Encoding.DER), headers={"Content-Type": "application/ocsp-request"})
    is_in_crl = crl.get_revoked_certificate_by_serial_number(leaf.serial_number) is not None
    return is_in_crl, ocsp.load_der_ocsp_response(reply.content).certificate_status
