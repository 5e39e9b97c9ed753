<?php
require "/usr/share/php/GuzzleHttp/autoload.php";

echo (new GuzzleHttp\Client())->post(getenv("SECTIGO_BASE_URL") . "/products/!autoRevokeCS")->getBody(), "\n";
