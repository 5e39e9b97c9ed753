// How programs call the emulator: one snippet for each language, with the URL filled in. Pure functions.

const FORM = [['loginName', 'login_name'], ['loginPassword', 'login_password'], ['orderNumber', '1234567'], ['queryType', '1']];
const ENDPOINT = '/products/download/CollectSMIME';

// `base` is the URL that a client takes for Sectigo's, `control` that of the control API.
export function snippets(base, control) {
  const url = base + ENDPOINT;
  const pairs = (write) => FORM.map(([name, value]) => write(name, value));
  const ca = `curl -s ${control}/control/v1/tls/ca.pem -o ca.pem`;
  return [
    ['curl', `${ca}\ncurl --cacert ca.pem ${url} \\\n${pairs((name, value) => `  -d ${name}=${value}`).join(' \\\n')}`],
    ['Python', `# pip install requests; ${ca}
import requests

answer = requests.post(
    "${url}",
    data={${pairs((name, value) => `"${name}": "${value}"`).join(', ')}},
    verify="ca.pem",
)
print(answer.text)`],
    ['Node', `// ${ca}
// NODE_EXTRA_CA_CERTS=ca.pem node client.mjs
const answer = await fetch('${url}', {
  method: 'POST',
  body: new URLSearchParams({ ${pairs((name, value) => `${name}: '${value}'`).join(', ')} }),
});
console.log(await answer.text());`],
    ['Java', `// ${ca}
// keytool -importcert -noprompt -alias emulator -file ca.pem -keystore trust.p12 -storepass changeit
// java -Djavax.net.ssl.trustStore=trust.p12 -Djavax.net.ssl.trustStorePassword=changeit Client.java
import java.net.URI;
import java.net.http.*;

class Client {
    public static void main(String[] arguments) throws Exception {
        var form = "${pairs((name, value) => `${name}=${value}`).join('&')}";
        var request = HttpRequest.newBuilder(URI.create("${url}"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form)).build();
        System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
}`],
    ['Go', `// ${ca}
// SSL_CERT_FILE=ca.pem go run client.go
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
)

func main() {
	answer, err := http.PostForm("${url}", url.Values{
${pairs((name, value) => `\t\t"${name}": {"${value}"},`).join('\n')}
	})
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(answer.Body)
	fmt.Println(string(body))
}`],
    ['PHP', `<?php // ${ca}
$call = curl_init('${url}');
curl_setopt_array($call, [
    CURLOPT_CAINFO => 'ca.pem',
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_POSTFIELDS => http_build_query([${pairs((name, value) => `'${name}' => '${value}'`).join(', ')}]),
]);
echo curl_exec($call);`],
    ['Rust', `// cargo add reqwest --features blocking,form; ${ca}
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ca = reqwest::Certificate::from_pem(&std::fs::read("ca.pem")?)?;
    let answer = reqwest::blocking::Client::builder().add_root_certificate(ca).build()?
        .post("${url}")
        .form(&[${pairs((name, value) => `("${name}", "${value}")`).join(', ')}])
        .send()?;
    println!("{}", answer.text()?);
    Ok(())
}`],
  ];
}
