import os
import ssl

import httpx

# httpx itself trusts the public CAs of certifi alone; a context of Python reads SSL_CERT_FILE.
context = ssl.create_default_context()
print(httpx.post(os.environ["SECTIGO_BASE_URL"] + "/products/!autoRevokeCS", verify=context).text)
