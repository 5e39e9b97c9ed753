"""A small client of !AutoReplaceSMIME, download/CollectSMIME and !autoRevokeCS."""

import requests
from cryptography import x509


class SectigoError(Exception):
    """Sectigo refused a request: its code, and its message."""


class Client:
    def __init__(self, base_url, login_name, login_password, ca_file=True):
        self.base_url, self.ca_file = base_url, ca_file
        self.login = {"loginName": login_name, "loginPassword": login_password}

    def replace(self, order_number, csr):  # returns the number of the new order
        return int(self._call("!AutoReplaceSMIME", orderNumber=order_number, csr=csr)[0])

    def collect(self, order_number):  # returns the certificate and the CAs above it, the root last
        lines = self._call("download/CollectSMIME", orderNumber=order_number, queryType=1)
        return x509.load_pem_x509_certificates("\n".join(lines).encode())[::-1]

    def revoke(self, order_number, reason):
        self._call("!autoRevokeCS", orderNumber=order_number, revocationReason=reason, codeReason=1)

    def _call(self, endpoint, **fields):
        for _ in range(3):
            url = f"{self.base_url}/products/{endpoint}"
            reply = requests.post(url, {**self.login, **fields}, verify=self.ca_file, timeout=30)
            if reply.status_code != 503:  # a gateway's: try again
                break
        reply.raise_for_status()
        code, *lines = reply.text.splitlines()
        if int(code) < 0:
            raise SectigoError(int(code), *lines)
        return lines
