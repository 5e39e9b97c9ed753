# Drives a running emulator from Python: makes a sandbox and an order, and lets the order expire.
#
#     python3 examples/python/drive.py
import json
import urllib.error
import urllib.request

CONTROL = "http://localhost:8081/control/v1"


def control(method, path, body=None):
    """Sends a request to the control API and returns the JSON of its response."""
    request = urllib.request.Request(
        CONTROL + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read() or "null")
    except urllib.error.HTTPError as error:
        raise Exception(error.read().decode()) from None


sandbox = control("POST", "/sandboxes", {"ttl": "10m"})["name"]
order = {"orderNumber": 7, "loginName": "login_name", "product": "code-signing", "state": "issued"}
control("POST", f"/sandboxes/{sandbox}/orders", order)
# Here your client would use https://localhost:8443/sandboxes/{sandbox} as its base URL.
control("POST", f"/sandboxes/{sandbox}/clock/advance", {"by": "400d"})
assert control("GET", f"/sandboxes/{sandbox}/orders/7")["state"] == "expired"
assert control("POST", f"/sandboxes/{sandbox}/calls/count", {"orderNumber": 7})["count"] == 0
control("DELETE", f"/sandboxes/{sandbox}")
