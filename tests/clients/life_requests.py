"""The life of an S/MIME and of a code-signing order, by Python's requests, each step judged by openssl.

    python life_requests.py BASE_URL CA_FILE HTTP_URL
"""

import base64
import os
import subprocess
import sys
import tempfile
from urllib.parse import parse_qs, parse_qsl

import requests

BASE, CA, HTTP = sys.argv[1:]
LOGIN = {"loginName": "login_name", "loginPassword": "login_password"}


def openssl(*arguments, data=None):
    """What openssl prints; it must succeed."""
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def csr():
    return openssl("req", "-new", "-batch", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                   "-keyout", os.devnull, "-subj", "/CN=a person/O=Beispiel GmbH/L=Bonn/ST=NRW/C=DE").decode()


def call(path, **fields):
    response = requests.post(f"{BASE}/products/{path}", data={**LOGIN, **fields}, verify=CA, timeout=30)
    assert response.status_code == 200, (path, response.status_code, response.text)
    return response.text


def made(path, **fields):
    """The number of the order that a call makes."""
    reply = dict(parse_qsl(call(path, responseFormat="1", **fields)))
    assert reply["errorCode"] == "0", reply
    return reply["orderNumber"]


def verify(leaf, *cas):
    """openssl finds the way from the leaf to the last CA, the root."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, pem in enumerate([leaf, *cas]):
            files.append(os.path.join(folder, f"{number}.pem"))
            with open(files[-1], "w", encoding="ascii") as file:
                file.write(pem)
        openssl("verify", "-x509_strict", "-CAfile", files[2], "-untrusted", files[1], files[0])


def about(pem, *what):
    return openssl("x509", "-noout", *what, data=pem.encode()).decode()


def in_crl(name, pem):
    serial = about(pem, "-serial").strip().split("=")[1]
    crl = requests.get(f"{HTTP}/crl/{name}.crl", timeout=30).content
    return serial in openssl("crl", "-inform", "DER", "-noout", "-text", data=crl).decode()


def collect(number):
    status, *pems = call("download/CollectSMIME", orderNumber=number, queryType="1").split("-----BEGIN")
    assert status == "2\n", status
    root, issuing, leaf = ["-----BEGIN" + pem for pem in pems]
    verify(leaf, issuing, root)
    assert "jane@example.com" in about(leaf, "-ext", "subjectAltName")
    return leaf


def collect_cs(number):
    reply = parse_qs(call("download/CollectSSL", orderNumber=number, queryType="1", responseFormat="1"))
    assert reply["errorCode"] == ["2"], reply

    def pem(text):
        return openssl("x509", "-inform", "DER", data=base64.b64decode(text, validate=True)).decode()

    root, issuing = map(pem, reply["caCertificate"])
    leaf = pem(reply["certificate"][0])
    verify(leaf, issuing, root)
    assert "Code Signing" in about(leaf, "-ext", "extendedKeyUsage")
    return leaf


def smime():
    order = made("!AutoApplyOrder", product="794", days="365", sanEmailAddress="jane@example.com", csr=csr())
    first = collect(order)
    new = made("!AutoReplaceSMIME", orderNumber=order, csr=csr())
    second = collect(new)
    assert about(first, "-pubkey") != about(second, "-pubkey")
    reply = call("!autoRevokeCertificate", orderNumber=new, revocationReason="the key was lost", codeReason="1")
    assert reply == "0\n", reply
    assert in_crl("smime", second) and not in_crl("smime", first)
    assert call("download/CollectSMIME", orderNumber=new, queryType="1") == "-21\nThe certificate has been revoked!\n"


def code_signing():
    order = made("!AutoApplyOrder", product="8", days="365", isCustomerValidated="N", csr=csr(),
                 appRepEmailAddress="jane@example.com", organizationName="Beispiel GmbH", countryName="DE",
                 localityName="Bonn")
    first = collect_cs(order)
    reply = dict(parse_qsl(call("!AutoReplaceCS", orderNumber=order, pkcs10=csr())))
    assert reply["errorCode"] == "0", reply
    second = collect_cs(reply["orderNumber"])
    reply = call("!autoRevokeCS", orderNumber=reply["orderNumber"], revocationReason="the key was lost", codeReason="1")
    assert reply == "0\n", reply
    assert in_crl("code-signing", second) and not in_crl("code-signing", first)


smime()
code_signing()
print("requests: the life of both orders is as it should be")
