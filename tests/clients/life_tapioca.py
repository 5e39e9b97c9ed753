"""An S/MIME and a code-signing order by the public package tapioca-sectigo-api-ssl, unmodified.

    REQUESTS_CA_BUNDLE=CA_FILE python life_tapioca.py CSR_FILE [BASE_URL]

Without a base URL, the package calls the host that it always calls.
"""

import sys
from urllib.parse import parse_qs

from tapioca_sectigo_api_ssl.tapioca_sectigo_api_ssl import Sectigo_api_sslClientAdapter

from tapioca_sectigo_api_ssl import Sectigo_api_ssl

if len(sys.argv) > 2:
    Sectigo_api_sslClientAdapter.api_root = sys.argv[2]
with open(sys.argv[1], encoding="ascii") as file:
    CSR = file.read()
LOGIN = {"loginName": "login_name", "loginPassword": "login_password", "responseFormat": "1"}


def reply(response):
    """The fields of a URL-encoded reply."""
    return parse_qs(response().response.text)


client = Sectigo_api_ssl()
smime = client.auto_apply_ssl().post(
    data={**LOGIN, "product": "794", "days": "365", "sanEmailAddress": "jane@example.com", "csr": CSR})
assert reply(smime)["errorCode"] == ["0"], reply(smime)

code_signing = client.auto_apply_ssl().post(
    data={**LOGIN, "product": "8", "days": "365", "isCustomerValidated": "N", "csr": CSR,
          "appRepEmailAddress": "jane@example.com", "organizationName": "Beispiel GmbH", "countryName": "DE",
          "localityName": "Bonn"})
assert reply(code_signing)["errorCode"] == ["0"], reply(code_signing)
order = reply(code_signing)["orderNumber"][0]

collected = client.collect_ssl().post(data={**LOGIN, "orderNumber": order, "queryType": "1", "showExtStatus": "Y"})
fields = reply(collected)
assert fields["errorCode"] == ["2"] and fields["certificateStatus"] == ["Issued"], fields
assert len(fields["caCertificate"]) == 2 and len(fields["certificate"]) == 1, fields
print(f"tapioca at {Sectigo_api_sslClientAdapter.api_root}: both orders are made, and one is collected")
