import json
import urllib.error
import urllib.request


def control(method, path, body=None):
    request = urllib.request.Request(
        "http://localhost:8081/control/v1" + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        raise Exception(error.read().decode()) from None


sandbox = control("POST", "/sandboxes", {"ttl": "10m"})["name"]
order = {"orderNumber": 7, "loginName": "login_name", "product": "code-signing", "state": "issued"}
control("POST", f"/sandboxes/{sandbox}/orders", order)
# ... let your client work at https://localhost:8443/sandboxes/{sandbox} ...
control("POST", f"/sandboxes/{sandbox}/clock/advance", {"by": "400d"})
assert control("GET", f"/sandboxes/{sandbox}/orders/7")["state"] == "expired"
assert control("POST", f"/sandboxes/{sandbox}/calls/count", {"orderNumber": 7})["count"] == 0
control("DELETE", f"/sandboxes/{sandbox}")
