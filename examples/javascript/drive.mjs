async function control(method, path, body) {
  const answer = await fetch("http://localhost:8081/control/v1" + path, {
    method,
    body: body && JSON.stringify(body),
    headers: { "Content-Type": "application/json" },
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.status === 204 ? null : answer.json();
}

(async () => {
  const { name } = await control("POST", "/sandboxes", { ttl: "10m" });
  const order = { orderNumber: 7, loginName: "login_name", product: "code-signing", state: "issued" };
  await control("POST", `/sandboxes/${name}/orders`, order);
  // ... let your client work at https://localhost:8443/sandboxes/${name} ...
  await control("POST", `/sandboxes/${name}/clock/advance`, { by: "400d" });
  const { state } = await control("GET", `/sandboxes/${name}/orders/7`);
  if (state !== "expired") throw new Error(state);
  await control("DELETE", `/sandboxes/${name}`);
})();
