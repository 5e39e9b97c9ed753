<?php
function control(string $method, string $path, ?array $body = null): ?array {
    $answer = file_get_contents('http://localhost:8081/control/v1' . $path, false, stream_context_create(['http' => [
        'method' => $method,
        'header' => 'Content-Type: application/json',
        'content' => $body === null ? '' : json_encode($body),
        'ignore_errors' => true,
    ]]));
    $value = json_decode($answer, true);
    if (($value['status'] ?? 0) >= 400) {
        throw new Exception($answer);
    }
    return $value;
}

$sandbox = control('POST', '/sandboxes', ['ttl' => '10m'])['name'];
control('POST', "/sandboxes/$sandbox/orders",
    ['orderNumber' => 7, 'loginName' => 'login_name', 'product' => 'code-signing', 'state' => 'issued']);
// ... let your client work at https://localhost:8443/sandboxes/$sandbox ...
control('POST', "/sandboxes/$sandbox/clock/advance", ['by' => '400d']);
if (control('GET', "/sandboxes/$sandbox/orders/7")['state'] !== 'expired') {
    throw new Exception('not expired');
}
control('DELETE', "/sandboxes/$sandbox");
