import os

import requests

print(requests.post(os.environ["SECTIGO_BASE_URL"] + "/products/!autoRevokeCS").text)
