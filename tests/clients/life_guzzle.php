<?php
// The life of an S/MIME order by Guzzle in its default settings, which raises an exception for HTTP 4xx and 5xx.
//
//     php life_guzzle.php BASE_URL CA_FILE CSR_FILE

require "/usr/share/php/GuzzleHttp/autoload.php";

[, $base, $ca, $csr] = $argv;
$client = new GuzzleHttp\Client(["verify" => $ca]);

function call(string $path, array $fields): string
{
    global $client, $base;
    $login = ["loginName" => "login_name", "loginPassword" => "login_password"];
    $response = $client->post("$base/products/$path", ["form_params" => $login + $fields]);
    return (string) $response->getBody();
}

function expect(bool $is_so, string $what): void
{
    if (!$is_so) {
        fwrite(STDERR, "$what\n");
        exit(1);
    }
}

parse_str(call("!AutoApplyOrder", [
    "product" => "794",
    "days" => "365",
    "sanEmailAddress" => "jane@example.com",
    "csr" => file_get_contents($csr),
    "responseFormat" => "1",
]), $applied);
expect($applied["errorCode"] === "0", "not applied: " . json_encode($applied));

$order = $applied["orderNumber"];
$collected = call("download/CollectSMIME", ["orderNumber" => $order, "queryType" => "2"]);
$leaf = openssl_x509_parse(substr($collected, strpos($collected, "-----BEGIN")));
expect($leaf["extensions"]["subjectAltName"] === "email:jane@example.com", "another certificate: $collected");

parse_str(call("!autoRevokeCertificate", ["orderNumber" => $order, "responseFormat" => "1"]), $revoked);
expect($revoked === ["errorCode" => "0"], "not revoked: " . json_encode($revoked));
$again = call("download/CollectSMIME", ["orderNumber" => $order, "queryType" => "2"]);
expect(str_starts_with($again, "-21\n"), "not told as revoked: $again");
echo "Guzzle: the life of the order is as it should be\n";
