<?php
// Drives a running emulator from PHP (7.4 or newer): makes a sandbox and an order, and lets the order expire.
//
//     php examples/php/drive.php

const CONTROL = 'http://localhost:8081/control/v1';

/** Sends a request to the control API and returns the JSON of its response. */
function control(string $method, string $path, ?array $body = null): ?array {
    $response = file_get_contents(CONTROL . $path, false, stream_context_create(['http' => [
        'method' => $method,
        'header' => 'Content-Type: application/json',
        'content' => $body === null ? '' : json_encode($body),
        'ignore_errors' => true,
    ]]));
    if ($response === false) {
        throw new Exception('the emulator cannot be reached');
    }
    $value = json_decode($response, true);
    // Errors are problem details, which have a `status`.
    if (($value['status'] ?? 0) >= 400) {
        throw new Exception($response);
    }
    return $value;
}

$sandbox = control('POST', '/sandboxes', ['ttl' => '10m'])['name'];
$order = ['orderNumber' => 7, 'loginName' => 'login_name', 'product' => 'code-signing', 'state' => 'issued'];
control('POST', "/sandboxes/$sandbox/orders", $order);
// Here your client would use https://localhost:8443/sandboxes/$sandbox as its base URL.
control('POST', "/sandboxes/$sandbox/clock/advance", ['by' => '400d']);
$state = control('GET', "/sandboxes/$sandbox/orders/7")['state'];
if ($state !== 'expired') {
    throw new Exception("the order is $state");
}
control('DELETE', "/sandboxes/$sandbox");
